// The time slider: which moment of the repository's history the map shows. It keeps `at` in the URL and announces the
// moment as "vpm:moment" {at: commit or "" for now, subject, date}; the map draws it. The steps are fetched when a person
// turns to the slider, or when the page already shows a moment.
import { marksOf } from "./map-time-marks.js";

const DRAG_MS = 140, SETTLE_MS = 350, PLAY_MS = 900, CALM_MS = 1800, PUSH_MS = 1000;
const [COMMIT, TIME, SUBJECT, , DESCRIBED, LANDED, PROPOSED] = [0, 1, 2, 3, 4, 5, 6];
const form = document.getElementById("map-time");
const bar = form.querySelector(".time-bar");
const range = document.getElementById("map-time-range");
const kept = document.getElementById("map-at");
const canvas = document.getElementById("map-canvas");
const button = (name) => bar.querySelector(`[data-time="${name}"]`);
const calm = matchMedia("(prefers-reduced-motion: reduce)");

let steps = null; // as /map/steps.json sends them
let stops = []; // indices into steps.commits: where the slider can stand
let byWeek = false;
let at = form.dataset.at; // the commit that is shown, "" is now
let playing = 0; // names the run, so that an older one ends
let pushed = 0;
let dragging = false;
const timers = {};

async function load() {
  steps ??= fetch(form.dataset.steps, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`${form.dataset.steps}: ${answer.status}`))))
    .catch((error) => { steps = null; throw error; });
  const known = await steps;
  if (!known.commits.length) throw new Error("There is no commit to go to.");
  return known;
}

// The slider's stops; a moment between two of them stays what it is, and is shown at the one before.
async function lay() {
  const ratio = range.value / range.max;
  const first = !stops.length;
  const { commits, weeks } = await load();
  stops = byWeek ? weeks : commits.map((_, index) => index);
  range.max = Math.max(1, stops.length - 1);
  range.value = first && !at && ratio < 1 ? Math.round(ratio * range.max) : placeOf(commits);
  marksOf(bar.querySelector(".time-marks"), spans(commits).map((span) => ({
    landed: span.some((one) => one[LANDED]), proposed: span.some((one) => one[PROPOSED]),
  })));
}

function placeOf(commits) {
  if (!at) return stops.length - 1;
  const exact = commits.findIndex((one) => one[COMMIT] === at);
  const until = exact < 0 ? Date.parse(form.dataset.time) : 0;
  const index = exact < 0 ? commits.findLastIndex((one) => Date.parse(one[TIME]) <= until) : exact;
  return Math.max(0, stops.findLastIndex((stop) => stop <= index));
}

// What each stop stands for: the commits since the stop before.
const spans = (commits) => stops.map((stop, place) => commits.slice(place ? stops[place - 1] + 1 : 0, stop + 1));

const delay = (name, work, ms) => { clearTimeout(timers[name]); timers[name] = setTimeout(work, ms); };

// Shows a stop. `how` is "drag" (many of them, quickly), "push" (a new entry of the browser's history) or "replace".
async function go(place, how) {
  const { commits } = await load();
  const here = Math.min(Math.max(0, place), stops.length - 1);
  range.value = here;
  show(here === stops.length - 1 ? "" : commits[stops[here]][COMMIT], commits, how);
}

function show(commit, commits, how) {
  at = commit;
  steady();
  say(commits);
  remember(how);
  delay("announce", () => announce(commits), how === "drag" ? DRAG_MS : 0);
  delay("settle", () => document.body.dispatchEvent(new CustomEvent("vpm:moment-settled")), how === "drag" ? SETTLE_MS + DRAG_MS : SETTLE_MS);
}

const found = (commits) => commits.find((one) => one[COMMIT] === at);
const dateOf = (one) => one[TIME].slice(0, 16).replace("T", " ");

function announce(commits) {
  const one = at ? found(commits) : null;
  const detail = { at, subject: one?.[SUBJECT] ?? "", date: one ? dateOf(one) : "" };
  document.body.dispatchEvent(new CustomEvent("vpm:moment", { detail }));
}

function say(commits) {
  const one = at ? found(commits) : null;
  const span = spans(commits)[Number(range.value)] ?? [];
  const landed = one ? span.map((each) => each[LANDED]).filter(Boolean) : [];
  const proposed = one ? span.reduce((sum, each) => sum + each[PROPOSED], 0) : 0;
  const words = [
    ...(landed.length ? [form.dataset.landed.replace("%N", landed.length)] : []), ...(proposed ? [form.dataset.proposed.replace("%N", proposed)] : []),
  ];
  bar.querySelector(".time-date").textContent = one ? dateOf(one) : form.dataset.now;
  bar.querySelector(".time-subject").textContent = one ? one[SUBJECT] : form.dataset.showing ?? "";
  bar.querySelector(".time-done").textContent = words.join(" · ");
  range.setAttribute("aria-valuetext", one ? [dateOf(one), one[SUBJECT], ...words].join(" · ") : form.dataset.now);
  button("now").disabled = !at;
  button("back").disabled = Number(range.value) === 0;
  button("forth").disabled = !at;
  document.body.classList.toggle("in-the-past", Boolean(at));
}

// The URL, and the filter's form for what htmx fetches.
function remember(how) {
  kept.value = at;
  kept.disabled = !at;
  const url = new URL(location.href);
  if (at) url.searchParams.set("at", at.slice(0, 10));
  else url.searchParams.delete("at");
  if (how === "none" || url.href === location.href) return;
  const begins = how === "push" || (how === "drag" && !dragging); // a drag is one entry of the history, and so is a held key
  dragging = how === "drag";
  if (begins && Date.now() - pushed > PUSH_MS) history.pushState(history.state, "", url);
  else history.replaceState(history.state, "", url);
  if (begins) pushed = Date.now();
}

// The figure that the map will ask for, so that it is there by then; see address in map.js.
function ahead(commit) {
  const url = new URL(canvas.dataset.figure, location.href);
  const [view, box] = ["map-view", "map-box"].map((id) => document.getElementById(id)?.value ?? "");
  for (const [name, value] of Object.entries({ view, narrow: Number(canvas.clientWidth < 800), box, at: commit })) {
    if (value !== "") url.searchParams.set(name, value);
  }
  return fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
}
const rest = (ms) => new Promise((done) => { setTimeout(done, ms); });

async function play() {
  const run = ++playing;
  mark();
  await lay();
  const { commits } = await load();
  if (!at) await go(Math.max(0, stops.findIndex((stop) => commits[stop][DESCRIBED])), "push");
  while (run === playing && at && Number(range.value) < stops.length - 1) {
    const next = Number(range.value) + 1;
    await Promise.all([ahead(commits[stops[next]][COMMIT]), rest(calm.matches ? CALM_MS : PLAY_MS)]);
    if (run === playing) await go(next, "replace");
  }
  if (run === playing) stop();
}

function stop() {
  playing = -Math.abs(playing);
  mark();
}

function mark() {
  const on = playing > 0;
  button("play").setAttribute("aria-pressed", String(on));
  button("play").classList.toggle("on", on);
}

// From a moment between two stops, back is the stop before it.
async function step(by) {
  stop();
  await lay();
  const { commits } = await load();
  const place = Number(range.value);
  const between = at && commits[stops[place]][COMMIT] !== at;
  await go(between && by < 0 ? place : place + by, "push");
}

const DOES = {
  play: () => (playing > 0 ? stop() : play()),
  back: () => step(-1),
  forth: () => step(1),
  now: () => { stop(); return lay().then(() => go(stops.length - 1, "push")); },
  unit: async () => {
    byWeek = !byWeek;
    button("unit").setAttribute("aria-pressed", String(byWeek));
    await lay();
    say((await load()).commits);
  },
};

// The slider stays under the hand that moves it: in the past the canvas grows, and does not shrink.
let width = canvas.clientWidth;
function steady() {
  if (!at || width !== canvas.clientWidth) canvas.style.minHeight = "";
  width = canvas.clientWidth;
  if (at) canvas.style.minHeight = `${canvas.offsetHeight}px`;
}
new ResizeObserver(steady).observe(canvas);

const failed = (error) => console.warn("The time slider does not move.", error);

bar.hidden = false;
bar.addEventListener("click", (event) => {
  const name = event.target.closest("[data-time]")?.dataset.time;
  if (name) Promise.resolve(DOES[name]()).catch(failed);
});
form.addEventListener("submit", (event) => event.preventDefault());
for (const kind of ["pointerenter", "focusin"]) bar.addEventListener(kind, () => { if (!stops.length) lay().catch(failed); });
range.addEventListener("input", () => {
  stop();
  (stops.length ? go(Number(range.value), "drag") : lay().then(() => go(Number(range.value), "drag"))).catch(failed);
});
range.addEventListener("change", () => {
  dragging = false;
  if (stops.length) go(Number(range.value), "replace").catch(failed);
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-time-now]") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  DOES.now().catch(failed);
});
window.addEventListener("popstate", async () => {
  const wanted = new URL(location.href).searchParams.get("at") ?? "";
  if (wanted ? at.startsWith(wanted) : !at) return;
  const { commits } = await load();
  at = commits.find((one) => wanted && one[COMMIT].startsWith(wanted))?.[COMMIT] ?? "";
  await lay();
  show(at, commits, "none");
});
// A new commit makes the slider longer, and moves nobody who looks at the past.
document.body.addEventListener("vpm:changed", () => {
  if (!stops.length) return;
  steps = null;
  lay().catch(failed);
});
if (at) lay().then(load).then(({ commits }) => { say(commits); announce(commits); }).catch(failed);
