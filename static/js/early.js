/** Places the cards of the gallery as soon as they are here, before all the rest has arrived. */

import { startMasonry } from "./masonry.js";

const page = document.getElementById("page");
if (page) startMasonry(page);
