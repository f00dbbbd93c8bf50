/* Names for what Django's own widgets leave nameless. */
"use strict";

/* The boxes in which rows are looked for (select2) are called as their field is. */
function nameBoxes() {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const label = document.querySelector(`label[for="${select.id}"]`);
    const name = select.getAttribute("aria-label") || (label ? label.textContent.trim().replace(/:$/, "") : "");
    const parts = select.parentElement.querySelectorAll(":is([role=combobox], [role=textbox]):not([aria-label])");
    for (const part of name ? parts : []) {
      part.removeAttribute("aria-labelledby");
      part.setAttribute("aria-label", name);
    }
  }
  for (const hint of document.querySelectorAll(".help-tooltip[aria-label]:not([role])")) hint.setAttribute("role", "img");
}

new MutationObserver(nameBoxes).observe(document.body, {childList: true, subtree: true});
nameBoxes();
