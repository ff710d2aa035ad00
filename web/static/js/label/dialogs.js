// Two small questions: why a sample is skipped, and what is wrong with one that is flagged.

const TYPING = "input, textarea";

/** Asks for a reason. Digits choose one; Enter sends what is typed. */
export class Reasons {
  /** @param {{required: boolean, skip: (note: string) => void}} around */
  constructor({ required, skip }) {
    Object.assign(this, { required, skip });
    this.dialog = document.getElementById("skip");
    this.reasons = [...this.dialog.querySelectorAll("[data-reason]")];
    this.field = this.dialog.querySelector("input[name=reason]");
    this.without = this.dialog.querySelector("[data-without]");
    this.held = false; // the Space that opened it is not to press a button here
    this.dialog.addEventListener("keydown", (event) => this.steer(event));
    this.dialog.addEventListener("keyup", (event) => {
      if (this.held && event.key === " ") event.preventDefault();
      this.held = false;
    });
    this.dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      this.say(this.field.value.trim());
    });
    this.dialog.addEventListener("click", (event) => {
      const reason = event.target.closest("[data-reason]");
      if (reason) this.say(reason.dataset.reason);
      if (event.target.closest("[data-without]")) this.say("", true);
      if (event.target.closest("[data-close]")) this.dialog.close();
    });
  }

  open() {
    this.field.value = "";
    this.held = true;
    this.dialog.showModal();
    (this.without ?? this.reasons[0] ?? this.field).focus();
  }

  say(note, empty = !this.required) {
    if (!note && !empty) return this.field.focus();
    this.dialog.close();
    this.skip(note);
  }

  steer(event) {
    if (event.repeat && event.key === " ") return event.preventDefault();
    this.held = false;
    if (event.target.closest(TYPING) || event.ctrlKey || event.metaKey || event.altKey) return;
    const reason = this.reasons[Number(event.key) - 1];
    if (!reason || event.repeat) return;
    event.preventDefault();
    this.say(reason.dataset.reason);
  }
}

/** Asks what reviewers should look at. */
export class Flags {
  /** @param {{flag: (note: string) => void}} around */
  constructor({ flag }) {
    this.dialog = document.getElementById("flag");
    this.field = this.dialog.querySelector("textarea");
    this.dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      this.dialog.close();
      flag(this.field.value.trim());
    });
    this.dialog.addEventListener("click", (event) => event.target.closest("[data-close]") && this.dialog.close());
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.dialog.querySelector("form").requestSubmit();
    });
  }

  open() {
    this.field.value = "";
    this.dialog.showModal();
    this.field.focus();
  }
}
