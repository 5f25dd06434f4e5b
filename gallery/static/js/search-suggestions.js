// Suggestions while a search is typed: a combobox with a listbox (ARIA APG, "list autocomplete with manual selection").
// Without this script the form and its results are all there is.

import { timedFetch } from "./timed-fetch.js";

const WAIT = 150; // ms without typing

for (const input of document.querySelectorAll("form.seeking input[type=search][data-suggestions]")) {
  const list = document.createElement("ul");
  const status = document.createElement("p");
  const words = input.dataset;
  let timer = 0;
  let asked = 0;
  let chosen = -1;

  Object.assign(list, { id: "search-suggestions", role: "listbox", hidden: true, className: "suggestions" });
  list.setAttribute("aria-label", words.label);
  Object.assign(status, { role: "status", className: "hidden-word" });
  input.closest("label").after(list, status);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id]]) {
    input.setAttribute(name, value);
  }
  close();

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    choose(-1);
  }

  function choose(place) {
    chosen = place;
    [...list.children].forEach((option, each) => option.setAttribute("aria-selected", String(each === place)));
    const option = list.children[place];
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  async function ask() {
    const mine = ++asked;
    const typed = input.value.trim();
    let options = [];
    try {
      const answer = typed ? await timedFetch(`${words.suggestions}?${new URLSearchParams({ q: typed })}`) : null;
      if (answer?.ok) options = await answer.json();
    } catch {
      // No network: nothing is suggested.
    }
    if (mine !== asked || chosen >= 0 || document.activeElement !== input) return; // a choice is not taken away
    list.replaceChildren(...options.map(({ text, lang, address }, place) => {
      const option = document.createElement("li");
      Object.assign(option, { id: `search-suggestion-${place}`, role: "option", textContent: text, lang });
      option.dataset.address = address;
      return option;
    }));
    close();
    status.textContent = options.length ? words.number.replace("{number}", options.length) : "";
    if (!options.length) return;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    asked++;
    choose(-1);
    if (!event.isComposing) timer = setTimeout(ask, WAIT);
  });
  input.addEventListener("compositionend", () => { timer = setTimeout(ask, WAIT); });
  input.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const last = list.children.length - 1;
    if (event.key === "ArrowDown") choose(chosen === last ? -1 : chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen === -1 ? last : chosen - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && chosen >= 0) location.assign(list.children[chosen].dataset.address);
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", close);
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the field
  list.addEventListener("click", (event) => {
    const option = event.target.closest("li");
    if (option) location.assign(option.dataset.address);
  });
}
