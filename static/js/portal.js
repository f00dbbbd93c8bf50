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

/* One box ticks all rows of its form; the bar below them says how many are chosen, and what they come to. */
document.addEventListener("change", (event) => {
  const form = event.target.form;
  const boxes = form ? [...form.querySelectorAll("tbody .pick input:not(:disabled)")] : [];
  if (!boxes.length) return;
  if (event.target.matches("[data-tick-all]")) for (const box of boxes) box.checked = event.target.checked;
  const chosen = boxes.filter((box) => box.checked);
  for (const all of form.querySelectorAll("[data-tick-all]")) all.checked = chosen.length === boxes.length;
  const told = form.querySelector("[data-chosen]");
  if (!told) return;
  const amounts = chosen.map((box) => Number(box.dataset.amount)).filter(Boolean);
  const sum = amounts.reduce((one, other) => one + other, 0).toLocaleString(document.documentElement.lang);
  told.textContent = chosen.length ? `${chosen.length} ${told.dataset.chosen}${amounts.length ? `, ${sum} ₫` : ""}` : "";
});

/* A select or a box marked so sends its form when it changes (filters, checkout recalculation). */
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-autosubmit]")) event.target.form?.requestSubmit();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});

/* A download shows how far it is: its address gets a token, and the page asks after it until it is over. */
const ASK_MS = 500;
const PATIENCE_ASKS = 20;
const NO_TOKEN = "00000000-0000-0000-0000-000000000000";
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-downloads] a[download]");
  if (!link || !crypto.randomUUID) return;
  const area = link.closest("[data-downloads]");
  const token = crypto.randomUUID();
  const address = new URL(link.href);
  address.searchParams.set("watch", token);
  link.href = address.href;
  follow(area.querySelector(".download"), area.dataset.downloads.replace(NO_TOKEN, token));
});

async function follow(shown, address) {
  shown.dataset.follows = address;
  shown.setAttribute("aria-busy", "true"); /* announced when it is over, not at every step */
  for (let unknown = 0; unknown < PATIENCE_ASKS && shown.dataset.follows === address;) {
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
    const answer = await fetch(address).catch(() => null);
    if (shown.dataset.follows !== address) return; /* another download began */
    shown.innerHTML = answer?.ok ? await answer.text() : "";
    if (shown.querySelector("[data-over]")) break;
    if (!shown.querySelector("progress[value]")) unknown += 1;
  }
  shown.removeAttribute("aria-busy");
  if (!shown.querySelector("[data-over]")) shown.textContent = "";
}

/* Back to the product page when all is done; nobody is led away while looking elsewhere or while a link in here has the focus. */
function leadBack() {
  const panel = document.querySelector("[data-way-back]:not([data-counts])");
  if (!panel) return;
  panel.dataset.counts = "yes";
  const shown = panel.querySelector("[data-seconds]");
  let left = Number(panel.dataset.wayBack);
  const clock = setInterval(() => {
    if (!panel.isConnected) return clearInterval(clock);
    if (document.hidden || panel.contains(document.activeElement)) return;
    shown.textContent = --left;
    if (left > 0) return;
    clearInterval(clock);
    location.assign(panel.querySelector("[data-go]").href);
  }, 1000);
}
leadBack();
const progress = document.querySelector("#progress"); /* its place is taken by what says that all is done */
if (progress) new MutationObserver(leadBack).observe(progress.parentNode, { childList: true });

/* What stands beside the button goes to the clipboard. Without this script one click on the text selects it. */
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button || !navigator.clipboard) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const word = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = word; }, 2000);
});
