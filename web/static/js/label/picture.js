// An image that one can come closer to: keys, buttons, wheel, two fingers; drag to move; light.

import { button, make } from "./make.js";

const TINY = 64;
const CLOSEST = 16;
const STEP = 1.4;
const LIGHT = { brightness: 100, contrast: 100 }; // kept from image to image

/** One image, fitted into its frame until somebody comes closer. */
export class Picture {
  constructor(url, { width, height, name }) {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.fingers = new Map();
    this.image = make("img", Math.max(width, height) <= TINY ? "tiny" : "");
    Object.assign(this.image, { src: url, width, height, alt: name ? `Image ${name}` : "The image to label", draggable: false });
    this.frame = make("div", "frame", this.image);
    this.said = make("output", "", "");
    this.element = make("div", "picture", this.frame, this.tools());
    this.image.addEventListener("error", () => this.element.replaceWith(make("p", "waiting", "The image cannot be shown. Skip it.")));
    this.frame.addEventListener("wheel", (event) => this.roll(event), { passive: false });
    this.frame.addEventListener("pointerdown", (event) => this.grip(event));
    this.frame.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) this.frame.addEventListener(end, (event) => this.fingers.delete(event.pointerId));
    this.light();
    this.draw();
  }

  tools() {
    const named = (sign, words, click) => {
      const made = button("plain tight", sign, click);
      made.setAttribute("aria-label", words);
      return made;
    };
    const zoom = make("div", "zoom", named("−", "Farther", () => this.zoom(-1)), this.said, named("+", "Closer", () => this.zoom(1)));
    zoom.append(button("plain tight", "Fit", () => this.fit()));
    return make("div", "tools small", zoom, this.slider("Brightness", "brightness"), this.slider("Contrast", "contrast"));
  }

  slider(words, name) {
    const input = make("input");
    Object.assign(input, { type: "range", min: 25, max: 300, step: 5, value: LIGHT[name] });
    input.addEventListener("input", () => {
      LIGHT[name] = Number(input.value);
      this.light();
    });
    input.addEventListener("dblclick", () => { input.value = 100; input.dispatchEvent(new Event("input")); });
    input.addEventListener("pointerup", () => input.blur()); // the keys are the page's again
    return make("label", "light", make("span", "", words), input);
  }

  light() {
    this.image.style.filter = `brightness(${LIGHT.brightness}%) contrast(${LIGHT.contrast}%)`;
  }

  fit() {
    Object.assign(this, { scale: 1, x: 0, y: 0 });
    this.draw();
  }

  /** Come a step closer, or go one back. */
  zoom(steps) {
    this.scaleTo(this.scale * STEP ** steps, 0, 0);
  }

  /** Change the scale so that what is at (x, y), counted from the middle, stays there. */
  scaleTo(wanted, x, y) {
    const scale = Math.min(CLOSEST, Math.max(1, wanted));
    const grown = scale / this.scale;
    this.x = x - (x - this.x) * grown;
    this.y = y - (y - this.y) * grown;
    this.scale = scale;
    this.draw();
  }

  draw() {
    const { offsetWidth: wide, offsetHeight: high } = this.image;
    const clamp = (at, size) => Math.min(1, Math.max(-1, at / (((this.scale - 1) * size) / 2 || 1))) * (((this.scale - 1) * size) / 2);
    this.x = clamp(this.x, wide);
    this.y = clamp(this.y, high);
    this.image.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    this.frame.classList.toggle("close", this.scale > 1);
    this.said.textContent = `${Math.round(100 * this.scale)} %`;
  }

  middle(event) {
    const box = this.frame.getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  }

  roll(event) {
    event.preventDefault();
    this.scaleTo(this.scale * Math.exp(-event.deltaY / 400), ...this.middle(event));
  }

  grip(event) {
    this.fingers.set(event.pointerId, this.middle(event));
    if (this.scale > 1) this.frame.setPointerCapture(event.pointerId);
  }

  drag(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const now = this.middle(event);
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, now);
    if (other) {
      const apart = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]);
      this.scaleTo((this.scale * apart(now)) / (apart(before) || 1), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    } else if (this.scale > 1) {
      this.x += now[0] - before[0];
      this.y += now[1] - before[1];
      this.draw();
    }
  }
}
