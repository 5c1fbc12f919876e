/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Keeps the page current. The server writes the page, this script asks for it again and again, and puts into place what
 * has changed. Without it the page is the same, but stands still. */

(function () {
    "use strict";

    var live = document.getElementById("live");
    var word = document.createTextNode("");
    var pause = document.createElement("button");
    var timer = 0;
    var asked = 0; /* grows with each request: a late answer to an earlier one is not shown */
    var failures = 0;
    var paused = false;
    var shown = new Date();

    /* --- to put a new page in the place of the old one ----------------------------------------------------- */

    function keyOf(node) {
        return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") || node.id || "" : "";
    }

    function alike(a, b) {
        return a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
    }

    /* A <details> that a person has opened stays open. */
    function copyAttributes(to, from) {
        Array.from(to.attributes).forEach(function (attribute) {
            if (!from.hasAttribute(attribute.name) && attribute.name !== "open") {
                to.removeAttribute(attribute.name);
            }
        });
        Array.from(from.attributes).forEach(function (attribute) {
            if (to.getAttribute(attribute.name) !== attribute.value) {
                to.setAttribute(attribute.name, attribute.value);
            }
        });
    }

    /* Nodes with a key are found again wherever they are now, so that a line keeps what belongs to it. */
    function copyChildren(to, from) {
        var kept = new Map();
        var at = to.firstChild;
        Array.from(to.children).forEach(function (child) {
            if (keyOf(child)) {
                kept.set(child.nodeName + " " + keyOf(child), child);
            }
        });
        Array.from(from.childNodes).forEach(function (fresh) {
            var match = at && alike(at, fresh) ? at : null;
            if (keyOf(fresh)) {
                match = kept.get(fresh.nodeName + " " + keyOf(fresh));
            }
            if (!match) {
                to.insertBefore(document.importNode(fresh, true), at);
                return;
            }
            if (match === at) {
                at = at.nextSibling;
            } else {
                to.insertBefore(match, at);
            }
            copy(match, fresh);
        });
        while (at) {
            var gone = at;
            at = at.nextSibling;
            to.removeChild(gone);
        }
    }

    function copy(to, from) {
        if (to === live || to.nodeName === "OUTPUT" || to.isEqualNode(from)) {
            return;
        }
        if (to.nodeType !== Node.ELEMENT_NODE) {
            to.data = from.data;
            return;
        }
        copyAttributes(to, from);
        copyChildren(to, from);
    }

    /* --- to ask for it ------------------------------------------------------------------------------------- */

    function seconds() {
        return Number(document.body.getAttribute("data-poll")) || 5;
    }

    /* A server that does not answer is asked less and less often, down to once in half a minute. */
    function delay() {
        return Math.min(seconds() * Math.pow(2, Math.min(failures, 5)), 30) * 1000;
    }

    function say() {
        var at = shown.toLocaleTimeString();
        live.className = paused ? "" : failures ? "late" : "on";
        word.data = paused
            ? "Paused. As of " + at + "."
            : failures
              ? "This server has not answered since " + at + "; it is asked again."
              : "Live, every " + seconds() + " s. As of " + at + ".";
        pause.textContent = paused ? "Go on" : "Pause";
    }

    function plan() {
        window.clearTimeout(timer);
        if (!paused && !document.hidden) {
            timer = window.setTimeout(ask, delay());
        }
    }

    function show(text) {
        var page = new DOMParser().parseFromString(text, "text/html");
        if (!page.getElementById("live")) {
            throw new Error("no status page");
        }
        document.title = page.title;
        copy(document.body, page.body);
        shown = new Date();
        failures = 0;
    }

    function ask() {
        var number = ++asked;
        var end = new AbortController();
        var limit = window.setTimeout(function () {
            end.abort();
        }, 10000);
        window.clearTimeout(timer);
        fetch(window.location.href, { cache: "no-store", credentials: "same-origin", signal: end.signal })
            .then(function (answer) {
                if (!answer.ok) {
                    throw new Error(answer.status);
                }
                return answer.text();
            })
            .then(function (text) {
                if (number === asked) {
                    show(text);
                }
            })
            .catch(function () {
                failures += number === asked ? 1 : 0;
            })
            .then(function () {
                window.clearTimeout(limit);
                if (number === asked) {
                    say();
                    plan();
                }
            });
    }

    /* --- what a person does -------------------------------------------------------------------------------- */

    /* Headings and links to other parts of a long list: the same page in another order. */
    document.addEventListener("click", function (event) {
        var link = event.target.closest ? event.target.closest("a[data-live]") : null;
        if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) {
            return;
        }
        event.preventDefault();
        window.history.replaceState(null, "", link.href);
        ask();
    });

    /* An order is sent without leaving the page. What went wrong stands in the form until its next order. */
    function order(form, button) {
        var said = form.querySelector("output");
        var fields = new URLSearchParams(new FormData(form));
        fields.set(button.name, button.value);
        said.textContent = "Sent; the server has not obeyed yet.";
        fetch(window.location.href, { method: "POST", body: fields, cache: "no-store", credentials: "same-origin" })
            .then(function (answer) {
                if (answer.ok) {
                    form.reset();
                    ask();
                    return "";
                }
                return answer.status === 409 ? answer.text() : "Refused by status " + answer.status + ". Reload the page.";
            })
            .catch(function () {
                return "This server does not answer.";
            })
            .then(function (text) {
                said.textContent = text;
            });
    }

    document.addEventListener("submit", function (event) {
        if (event.submitter && event.target.matches(".orders form")) {
            event.preventDefault();
            order(event.target, event.submitter);
        }
    });

    pause.type = "button";
    pause.addEventListener("click", function () {
        paused = !paused;
        say();
        if (paused) {
            plan();
        } else {
            ask();
        }
    });

    document.addEventListener("visibilitychange", function () {
        if (!document.hidden && !paused) {
            ask();
        }
    });

    live.textContent = "";
    live.appendChild(word);
    live.appendChild(pause);
    say();
    plan();
})();
