// Where unsent answers lie: one entry each in localStorage, so that two tabs never overwrite one another.

/** Unsent answers of one person in one project, across page loads. */
export class Shelf {
  constructor(user, project) {
    this.prefix = `activeloop.unsent.${user}.${project}.`;
    this.page = Math.random().toString(36).slice(2, 8);
    this.count = 0;
  }

  /** Everything that lies there, oldest first, whichever page left it. */
  all() {
    try {
      return Object.keys(localStorage)
        .filter((name) => name.startsWith(this.prefix))
        .sort()
        .map((name) => ({ ...JSON.parse(localStorage.getItem(name)), name }));
    } catch {
      return [];
    }
  }

  keep(op) {
    op.name ??= this.prefix + String(Date.now()).padStart(15, "0") + String(this.count++).padStart(6, "0") + this.page;
    try {
      const { name, ...rest } = op;
      localStorage.setItem(name, JSON.stringify(rest));
    } catch {
      // storage is off or full: the answer lives as long as the page
    }
    return op;
  }

  drop(op) {
    try {
      localStorage.removeItem(op.name);
    } catch {
      // storage is off
    }
  }
}

/** A random UUID; crypto.randomUUID exists only over HTTPS and on this machine. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
