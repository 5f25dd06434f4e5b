// A click on a picture shows it in full size in its place. Another click shows it whole again.

for (const link of document.querySelectorAll("a.closer")) {
  const picture = link.querySelector("picture");
  const whole = [...picture.children].map((each) => each.sizes);
  link.setAttribute("role", "button");
  link.setAttribute("aria-pressed", "false");
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const isClose = link.classList.toggle("is-close");
    link.setAttribute("aria-pressed", String(isClose));
    [...picture.children].forEach((each, index) => {
      each.sizes = isClose ? "300vw" : whole[index];
    });
    if (!isClose) return;
    const frame = link.parentElement;
    frame.scrollTo((frame.scrollWidth - frame.clientWidth) / 2, (frame.scrollHeight - frame.clientHeight) / 2);
  });
}
