FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore

# OpenMP, to which implicit and LightGBM are linked.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*

# A volume mounted on /data starts with this owner.
RUN useradd --uid 10001 --create-home salesai \
    && install --directory --owner salesai --group salesai --mode 700 /data

WORKDIR /app
COPY requirements.txt requirements-dask.txt ./
# requirements-dask.txt for an image that can be of a Dask cluster, as compose.cluster.yaml builds it.
ARG REQUIREMENTS=requirements.txt
RUN pip install --requirement $REQUIREMENTS
COPY . .
# A checkout may be for its owner alone (umask 077), and the files keep that; the server has another user.
RUN chmod -R a+rX .

ENV SALESAI_PRODUCTION=true \
    SALESAI_DATA_DIR=/data

# Reads the settings, which want these in production; neither is used nor kept.
RUN SECRET_KEY=unused ALLOWED_HOSTS=unused DATABASE_URL=postgres://unused/unused \
    python manage.py collectstatic --noinput

USER salesai
EXPOSE 8000
CMD ["gunicorn", "--config", "salesai/gunicorn.conf.py"]
