// The picture of the next work in turn is loaded once this page's own has come.

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
