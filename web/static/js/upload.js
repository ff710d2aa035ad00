// Send a file with progress, then follow its import.

import { call, csrfToken, Refused, refusalOf } from "./api.js";

const PAUSE = 600;

/** What the upload part of a form says and shows. */
export class Progress {
  constructor(form) {
    this.box = form.querySelector("[data-upload]");
    this.words = form.querySelector("[data-upload-words]");
    this.bar = form.querySelector("[data-upload-bar]");
  }

  show(words, share) {
    this.box.hidden = false;
    if (this.words.textContent !== words) this.words.textContent = words;
    if (share === null) this.bar.removeAttribute("value");
    else this.bar.value = share;
  }

  hide() {
    this.box.hidden = true;
  }
}

/** Give the column names the person typed, as {ours: theirs}. */
export function mappingOf(form) {
  const fields = [...form.querySelectorAll("[data-map]")].filter((field) => field.value.trim());
  return Object.fromEntries(fields.map((field) => [field.dataset.map, field.value.trim()]));
}

/** Upload the file and wait for its import; gives the import's report. Throws Refused. */
export async function uploadAndFollow(url, file, mapping, progress) {
  const begun = await upload(url, file, mapping, (share) => {
    const percent = Math.floor(100 * share);
    progress.show(share < 1 ? `Uploading ${file.name}: ${percent} %` : "Uploaded; the server keeps the file", share);
  });
  return follow(`${url}/${begun.id}`, file.name, progress);
}

function upload(url, file, mapping, sent) {
  const body = new FormData();
  if (Object.keys(mapping).length) body.append("mapping", JSON.stringify(mapping));
  body.append("file", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("X-CSRF-Token", csrfToken());
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) sent(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText));
      else reject(refusalOf(request.status, request.responseText, 0));
    });
    request.addEventListener("error", () => reject(new Refused(0, "The upload broke off. Try again: what is in already stays once.")));
    request.send(body);
  });
}

async function follow(url, name, progress) {
  for (;;) {
    let report;
    try {
      report = await call("GET", url);
    } catch (error) {
      if (!error.passing) throw error;
      progress.show("The connection is lost; the import goes on without this page", null);
    }
    if (report?.status === "done" || report?.status === "failed") return report;
    if (report) {
      const queued = report.status === "queued";
      const words = queued ? `${name} waits for a worker` : `Importing ${name}: ${report.added.toLocaleString("en")} samples added`;
      progress.show(words, queued ? null : report.progress);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
