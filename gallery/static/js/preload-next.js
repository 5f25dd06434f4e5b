// Load the picture of the next work in the queue, once this page has loaded its own.

const coming = document.getElementById("coming");

function load() {
  const aside = document.createElement("div");
  aside.hidden = true;
  aside.append(coming.content.cloneNode(true));
  document.body.append(aside);
}

if (coming && !navigator.connection?.saveData) {
  if (document.readyState === "complete") load();
  else addEventListener("load", load, { once: true });
}
