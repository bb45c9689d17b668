// What pages do beyond links and forms. All of it is a convenience: without scripts the desk works.
"use strict";

document.addEventListener("htmx:configRequest", (event) => {
  // Empty filters make an address long and say nothing. An empty field of a what-if does.
  if (event.target.classList.contains("search")) {
    const values = event.detail.parameters;
    for (const name of [...new Set(Object.keys(values))]) {
      if (values[name] === "") {
        delete values[name];
      }
    }
  }
});

document.addEventListener("htmx:beforeRequest", (event) => {
  event.target.setAttribute("aria-busy", "true");
});

document.addEventListener("htmx:afterRequest", (event) => {
  event.target.removeAttribute("aria-busy");
});

document.addEventListener("htmx:sendError", () => {
  const status = document.getElementById("status");
  if (status) {
    status.textContent = "The desk does not answer; is it still running?";
  }
});
