// The slip as a picture, drawn from the page, to save or to send in a chat. Nothing leaves the browser.

const WIDTH = 1080; // px
const MARGIN = 72;

const slip = document.querySelector(".slip");
const menu = document.querySelector(".share");
const button = menu?.querySelector("[value=picture]");

// Breaks a text into lines: between words, and within those without spaces.
function lines(pen, text, width) {
  const found = [""];
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)) {
    const longer = found.at(-1) + segment;
    const isPunctuation = /^\p{P}+$/u.test(segment); // never begins a line
    if (isPunctuation || pen.measureText(longer).width <= width) found[found.length - 1] = longer;
    else if (pen.measureText(segment).width <= width) found.push(segment.trimStart());
    else
      for (const letter of segment) {
        if (pen.measureText(found.at(-1) + letter).width <= width) found[found.length - 1] += letter;
        else found.push(letter);
      }
  }
  return found;
}

function draw() {
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  const parts = [];
  let y = MARGIN;
  const write = (text, size, weight = 400, after = 0.6) => {
    const font = `${weight} ${size}px system-ui, "Noto Sans CJK SC", sans-serif`;
    pen.font = font;
    for (const line of lines(pen, text, WIDTH - 2 * MARGIN)) {
      const at = (y += size * 1.45);
      parts.push(() => {
        pen.font = font;
        pen.fillText(line, MARGIN, at);
      });
    }
    y += size * after;
  };
  const show = (image, width) => {
    const height = (width * image.naturalHeight) / image.naturalWidth;
    const at = y;
    parts.push(() => pen.drawImage(image, (WIDTH - width) / 2, at, width, height));
    y += height + 36;
  };

  const work = slip.querySelector(".slip-picture img");
  if (work?.naturalWidth) show(work, Math.min(WIDTH - 2 * MARGIN, (560 * work.naturalWidth) / work.naturalHeight));
  for (const name of slip.querySelectorAll(".slip-site > *")) write(name.textContent, 30);
  for (const text of slip.querySelectorAll(".slip-text")) {
    write(text.querySelector("h2").textContent, 46, 600, 0.2);
    for (const paragraph of text.querySelectorAll("p")) write(paragraph.textContent, 32, 400, 0.25);
    y += 20;
  }
  show(slip.querySelector(".slip-qr"), 440);
  write(slip.querySelector(".slip-link").textContent, 30, 400, 0.2);
  write(slip.querySelector(".slip-letters").textContent, 36, 600);

  canvas.width = WIDTH;
  canvas.height = Math.ceil(y + MARGIN);
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#000";
  for (const part of parts) part();
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

if (button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const address = URL.createObjectURL(await draw());
    const image = document.createElement("img");
    Object.assign(image, { src: address, alt: slip.dataset.title });
    menu.querySelector(".slip-saved").replaceChildren(image);
    const status = menu.querySelector("[role=status]");
    status.textContent = status.dataset.saved;
    const link = document.createElement("a");
    Object.assign(link, { href: address, download: "slip.png" });
    link.click();
  });
}
