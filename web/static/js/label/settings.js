// What one person has chosen for this page; kept on this device.

const PLAIN = { preset: "activeloop", advance: null, group: true, begun: 0 };

/** The choices of one person: preset of keys, whether a choice goes on at once, groups. */
export class Settings {
  constructor(user) {
    this.name = `activeloop.label.${user}`;
    this.values = { ...PLAIN, ...this.read() };
  }

  read() {
    try {
      return JSON.parse(localStorage.getItem(this.name)) ?? {};
    } catch {
      return {}; // storage is off, or holds something else
    }
  }

  get(name) {
    return this.values[name];
  }

  set(name, value) {
    this.values[name] = value;
    try {
      localStorage.setItem(this.name, JSON.stringify(this.values));
    } catch {
      // storage is off: the choice lasts as long as the page
    }
  }
}
