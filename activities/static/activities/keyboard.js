/* Lists by keyboard: j and k move, x selects, Enter opens, / searches, ? says so. */
(function () {
    "use strict";
    const HELP = "j, k: next, previous row · x: select · Enter: open · /: search · f: filters · ?: this line";
    let here = -1;

    const rows = () => [...document.querySelectorAll("#result_list tbody tr, tr[data-row]")];

    function move(step) {
        const all = rows();
        if (!all.length) return;
        if (here >= 0 && all[here]) all[here].classList.remove("ops-here");
        here = Math.max(0, Math.min(all.length - 1, here + step));
        all[here].classList.add("ops-here");
        all[here].scrollIntoView({ block: "nearest" });
    }

    function toggleHelp() {
        const shown = document.getElementById("ops-help");
        if (shown) return shown.remove();
        const line = document.createElement("div");
        line.id = "ops-help";
        line.setAttribute("role", "status");
        line.textContent = HELP;
        document.body.append(line);
    }

    const filters = () => document.querySelector("#changelist a:not([href])");

    /* Of the theme it is a link that leads nowhere, which no keyboard reaches; what it opens stands behind the list. */
    function reachFilters() {
        const button = filters();
        if (!button) return;
        button.setAttribute("role", "button");
        button.tabIndex = 0;
        button.addEventListener("click", () => setTimeout(() => {
            document.querySelector("#changelist-filter :is(a[href], input:not([type=hidden]), select)")?.focus();
        }));
        button.addEventListener("keydown", (event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            button.click();
        });
    }

    const ACTS = {
        j: () => move(1),
        k: () => move(-1),
        x: () => rows()[here]?.querySelector("input.action-select")?.click(),
        Enter: () => rows()[here]?.querySelector("a[href]")?.click(),
        "/": () => document.getElementById("searchbar")?.focus(),
        f: () => filters()?.click(),
        "?": toggleHelp,
        Escape: () => document.getElementById("ops-help")?.remove(),
    };

    document.addEventListener("keydown", (event) => {
        const typing = event.target.closest("input:not([type=checkbox]), textarea, select, button, a, summary, [role=combobox], [contenteditable]");
        if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
        const act = ACTS[event.key];
        if (!act || (event.key === "Enter" && here < 0)) return;
        event.preventDefault();
        act();
    });
    document.addEventListener("DOMContentLoaded", reachFilters);
})();
