// The bar that offers to undo a decision counts down its seconds, and then disappears.

for (const bar of document.querySelectorAll(".undo[data-seconds]")) {
  const ends = performance.now() + Number(bar.dataset.seconds) * 1000;
  const left = bar.querySelector(".undo-left");
  const tick = () => {
    const seconds = Math.ceil((ends - performance.now()) / 1000);
    if (seconds <= 0) {
      bar.hidden = true;
      bar.querySelector("button").disabled = true;
      clearInterval(timer);
      return;
    }
    left.textContent = String(seconds);
  };
  const timer = setInterval(tick, 250);
  tick();
}
