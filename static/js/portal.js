/* Small comforts on top of pages that work without any script. */
"use strict";

/* A menu closes when one looks elsewhere. */
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

/* Pressing a button twice sends a form once; after a while, or on coming back, it can be sent again. */
const PATIENCE_MS = 8000;
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(wake, PATIENCE_MS);
});

function wake() {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button[aria-busy=true]")) button.removeAttribute("aria-busy");
}
addEventListener("pageshow", wake);

/* The dangerous button wakes up when the word has been typed (the server checks it all the same). */
function watchConfirmation(input) {
  const button = input.form.querySelector("[data-confirm-button]");
  const check = () => { button.disabled = input.value.trim() !== input.dataset.confirm; };
  input.addEventListener("input", check);
  check();
}
document.querySelectorAll("input[data-confirm]").forEach(watchConfirmation);

/* One box ticks all rows of its table. */
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-tick-all]")) return;
  const boxes = event.target.closest("table").querySelectorAll("tbody .pick input:not(:disabled)");
  for (const box of boxes) box.checked = event.target.checked;
});

/* A select or a box marked so sends its form when it changes (filters, checkout recalculation). */
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-autosubmit]")) event.target.form?.requestSubmit();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});
