// The boxes beside the samples of a list, and the one that ticks them all.

export class Ticks {
  /** Watch the boxes within `root`; `changed` is told of every change. */
  constructor(root, changed) {
    this.root = root;
    root.addEventListener("change", ({ target }) => {
      if (target.matches("[data-all]")) this.all(target.checked);
      else if (!target.matches("[data-tick]")) return;
      this.settle();
      changed();
    });
    this.settle();
  }

  get boxes() {
    return [...this.root.querySelectorAll("[data-tick]:not(:disabled)")];
  }

  get ids() {
    return this.boxes.filter((box) => box.checked).map((box) => Number(box.value));
  }

  all(checked) {
    for (const box of this.boxes) box.checked = checked;
  }

  /** Let the box for all say what the others say. */
  settle() {
    const all = this.root.querySelector("[data-all]");
    if (!all) return;
    const count = this.ids.length;
    all.checked = count > 0 && count === this.boxes.length;
    all.indeterminate = count > 0 && !all.checked;
  }
}
