/* The price follows the choice without leaving the page; without this script a button does it. */
"use strict";

const NOT_KEPT = new Set(["csrfmiddlewaretoken", "for_customer", "step"]);
let latest = 0;

document.addEventListener("change", async (event) => {
  const form = event.target.closest("form[data-offer]");
  if (!form) return;
  const turn = ++latest;
  const kept = new URLSearchParams([...new FormData(form)].filter(([name]) => !NOT_KEPT.has(name)));
  const address = `${form.getAttribute("action")}?${kept}`;
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("form[data-offer]");
    if (turn !== latest || !fresh) return;
    history.replaceState(null, "", address);
    show(form, fresh);
  } finally {
    if (turn === latest) form.removeAttribute("aria-busy");
  }
});

/* Only what the server says is replaced; the fields stay as they are, with their focus. */
function show(form, fresh) {
  form.querySelector("aside").replaceWith(fresh.querySelector("aside"));
  form.querySelector("[data-offer-bar]")?.remove();
  form.append(...fresh.querySelectorAll("[data-offer-bar]"));
  const offered = fresh.querySelector("[data-offered]");
  if (offered) {
    const focused = document.activeElement?.value;
    form.querySelector("[data-offered]")?.replaceWith(offered);
    if (document.activeElement === document.body) [...form.querySelectorAll("[data-offered] input")].find((box) => box.value === focused)?.focus();
  }
  const notes = fresh.querySelectorAll(".choice__note");
  form.querySelectorAll(".choice__note").forEach((note, at) => { if (notes[at]) note.innerHTML = notes[at].innerHTML; });
  form.querySelectorAll("[id$=_error]").forEach((error) => error.remove());
  fresh.querySelectorAll("[id$=_error]").forEach((error) => {
    form.querySelector(`#${CSS.escape(error.id.replace(/_error$/, ""))}`)?.closest(".field")?.append(error);
  });
}
