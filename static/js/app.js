/** Starts everything on the page. */

import { startActions } from "./actions.js";
import { startArranging } from "./arrange.js";
import { startCaptionView } from "./captionview.js";
import { startCopy } from "./copy.js";
import { startHeatmaps } from "./heatmap.js";
import { startIdle } from "./idle.js";
import { startIntake } from "./intake.js";
import { startKeys } from "./keys.js";
import { startLanguage } from "./language.js";
import { startLightbox } from "./lightbox.js";
import { startLive } from "./live.js";
import { startMasonry } from "./masonry.js";
import { startModeration } from "./moderation.js";
import { onPage, startPages } from "./pages.js";
import { showLoaded, startPictures } from "./pictures.js";
import { startPlaces } from "./places.js";
import { startSearch } from "./search.js";
import { showTimes } from "./times.js";
import { startRefusals } from "./refusals.js";
import { startTexts } from "./texts.js";
import { startTheme } from "./theme.js";
import { startToasts } from "./toasts.js";
import { startTray } from "./tray.js";
import { startVotes } from "./votes.js";

startPages();
onPage(startMasonry);
startPlaces();
startLightbox();
startPictures();
onPage(showLoaded);
onPage(showTimes);
startTheme();
startKeys();
startArranging();
startCaptionView();
startCopy();
startActions();
startSearch();
startHeatmaps();
startModeration();
startRefusals();
startVotes();
startTexts();
if (document.getElementById("tray")) {
  startLanguage();
  startTray();
  startIntake();
}
startToasts();
startIdle();
startLive();
