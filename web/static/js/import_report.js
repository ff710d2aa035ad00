// Follow an import until it is done.

import { live } from "./live.js";

const FINAL = new Set(["done", "failed"]);

live(document.getElementById("live"), { done: (report) => FINAL.has(report.dataset.status) });
