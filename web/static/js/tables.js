// A page whose tables can be saved, and nothing else.

import { saveTables } from "./plots/save.js";

saveTables(document.getElementById("main"));
