// A file that is being sent, as a row of a list: its name, its state, a bar, and a button.

export class UploadRow {
  // `press` is called when the button is pressed.
  constructor(file, list, press) {
    this.file = file;
    this.row = document.createElement("li");
    this.row.className = "row";
    const name = document.createElement("span");
    name.className = "row-main";
    name.textContent = file.name;
    this.bar = document.createElement("progress");
    this.bar.max = file.size || 1;
    this.bar.value = 0;
    this.bar.setAttribute("aria-label", file.name);
    this.status = document.createElement("span");
    this.status.className = "why";
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.addEventListener("click", press);
    name.append(this.status);
    this.row.append(name, this.bar, this.button);
    list.append(this.row);
  }

  say(sentence, action) {
    this.status.textContent = sentence;
    this.button.textContent = action;
    this.button.setAttribute("aria-label", `${action}: ${this.file.name}`);
  }

  showProgress(sent, size) {
    this.bar.max = size;
    this.bar.value = sent;
  }
}
