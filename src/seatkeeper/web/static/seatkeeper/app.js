// What pages do beyond links and forms. Every page works without it, only less comfortably.
"use strict";

const all = (selector, root = document) => root.querySelectorAll(selector);

// Moments are sent in UTC and shown in the reader's own time zone.
const clock = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short" });
function localize(root) {
  for (const time of all("time[data-when]", root)) {
    time.title = time.dateTime;
    time.textContent = clock.format(new Date(time.dateTime));
    delete time.dataset.when;
  }
}
localize(document);
for (const zone of all("[data-time-zone]")) {
  zone.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
}

for (const button of all("[data-theme-switch]")) {
  button.addEventListener("click", () => {
    const root = document.documentElement;
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.bsTheme);
  });
}

// A chosen filter is asked for at once.
for (const field of all("[data-submit]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}

// What only passes through goes on by itself.
for (const form of all("form[data-send]")) form.requestSubmit();

// Ticked columns become one word of the address.
for (const form of all("form[data-columns]")) {
  form.addEventListener("submit", () => {
    form.elements.columns.value = Array.from(all("input:checked", form), (box) => box.value).join(",");
  });
}

// A menu closes when the reader goes elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of all("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of all("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// What cannot be undone is asked about first.
for (const form of all("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });
}

// Nothing that somebody has begun to type is taken away.
let typed = false;
document.addEventListener("input", () => { typed = true; });

// Parts that the server keeps up to date: it sends the part's new HTML, made by the same template, as events.
// The browser comes back by itself after an end of the connection, but not after a refusal.
function keepUpToDate(part) {
  const source = new EventSource(part.dataset.live);
  source.addEventListener("part", (event) => {
    part.innerHTML = event.data;
    localize(part);
  });
  source.addEventListener("end", () => {
    source.close();
    if (part.dataset.liveThen === "reload" && !typed) location.reload();
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(keepUpToDate, 10000, part);
  });
}
for (const part of all("[data-live]")) keepUpToDate(part);

// Scripts to run elsewhere are copied with one press.
for (const button of all("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

// A form that came back begins at what was wrong.
for (const place of all("[data-focus]")) place.focus();
