"use strict";

const at = (id) => document.getElementById(id);
let libraries = [];
let asked = { like: null, image: null, region: null }; // what is asked with besides words
let scenes = []; // where the chosen index has scenes
let map = null; // drawn when it is first shown
let shown = { hits: [], place: 0 };
let latest = 0; // only the newest question's answer is shown

/** Build an element: attributes that are functions listen, strings among the children are text. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function fill(select, options, chosen) {
  select.replaceChildren(...options.map(([value, label]) => make("option", { value }, label)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

const techniqueName = {
  own: (library) => `as trained (${library.technique.replaceAll("_", " ")})`,
  mean: () => "mean",
  uniqueness: () => "weighted by uniqueness",
  max_similarity: () => "best line counts",
};

/** Offer what the chosen index can do. */
function showLibrary() {
  const library = libraries[Number(at("library").value)];
  fill(at("kind"), library.kinds.map(({ kind, label }) => [kind, label]), at("kind").value);
  at("kind-label").hidden = library.kinds.length < 2;
  fill(at("technique"), library.techniques.map((name) => [name, techniqueName[name](library)]),
    at("technique").value);
  at("where-label").hidden = library.columns.length === 0;
  at("where").placeholder = library.columns.length ? `${library.columns[0]}=…` : "";
  at("columns").replaceChildren(...library.columns.map((name) => make("option", { value: `${name}=` })));
  document.title = `${library.root} · image search`;
  return showPlaces();
}

/** Offer the map where the chosen index has scenes. */
async function showPlaces() {
  const place = Number(at("library").value);
  const response = await fetch(`/api/map/${place}`);
  if (!response.ok || place !== Number(at("library").value)) return;
  scenes = (await response.json()).scenes;
  document.querySelectorAll(".placed").forEach((element) => { element.hidden = !scenes.length; });
  map?.showScenes(scenes);
}

function loaded(name, attributes) {
  return new Promise((resolve, reject) => {
    document.head.append(make(name, { ...attributes, load: resolve, error: reject }));
  });
}

/** Show or hide the map; Leaflet is fetched from this server when it is first shown. */
async function toggleMap(on) {
  if (!scenes.length) return;
  at("map-toggle").setAttribute("aria-expanded", String(on));
  at("map").hidden = at("map-tools").hidden = !on;
  if (!on) return;
  if (map === null) {
    await loaded("link", { rel: "stylesheet", href: "/leaflet.css" });
    await loaded("script", { src: "/leaflet.js" });
    await loaded("script", { src: "/map.js" });
    map ??= new HitMap(at("map"), (hit) => enlarge(hit, shown.place), drawn);
    map.showScenes(scenes);
  }
  map.resize();
  map.showHits(shown.hits, shown.place);
  map.showBox(asked.region ?? at("within").value);
}

const mapIsOpen = () => at("map-toggle").getAttribute("aria-expanded") === "true";

/** A box was drawn: it filters what is asked. */
function drawn(box) {
  at("draw").setAttribute("aria-pressed", "false");
  at("within").value = box;
  map.showBox(box);
  if (isAsked()) search();
}

function lines() {
  return at("query").value.split("\n").map((line) => line.trim()).filter(Boolean);
}

/** The question as URL parameters: what the address bar keeps and what the server is asked. */
function parameters() {
  const found = new URLSearchParams();
  if (asked.like !== null) found.set("like", asked.like);
  else if (asked.region !== null) found.set("region", asked.region);
  else if (asked.image === null) lines().forEach((line) => found.append("q", line));
  for (const [key, id] of [["index", "library"], ["kind", "kind"], ["technique", "technique"],
    ["top", "top"], ["path", "path"]]) {
    if (at(id).value) found.set(key, at(id).value);
  }
  if (!at("where-label").hidden) {
    at("where").value.split(",").map((text) => text.trim()).filter(Boolean)
      .forEach((text) => found.append("where", text));
  }
  for (const id of scenes.length ? ["within", "date"] : []) {
    if (at(id).value.trim()) found.set(id, at(id).value.trim());
  }
  if (mapIsOpen()) found.set("map", "1");
  return found;
}

const isAsked = () => asked.like !== null || asked.image !== null || asked.region !== null || lines().length > 0;

async function restore() {
  const given = new URLSearchParams(location.search);
  at("library").value = libraries[Number(given.get("index"))] ? given.get("index") || "0" : "0";
  const placed = showLibrary();
  for (const id of ["kind", "technique", "top"]) {
    const options = [...at(id).options].map((option) => option.value);
    if (options.includes(given.get(id))) at(id).value = given.get(id);
  }
  for (const id of ["path", "within", "date"]) at(id).value = given.get(id) || "";
  at("where").value = given.getAll("where").join(", ");
  at("query").value = given.getAll("q").join("\n");
  asked = { like: given.get("like"), image: null, region: given.get("region") };
  grow();
  document.body.classList.toggle("busy", isAsked());
  await placed;
  await toggleMap(given.get("map") === "1");
  if (isAsked()) return search(false);
  return showSample(Number(at("library").value));
}

/** Before anything is asked: what there is, and some of it. */
async function showSample(place) {
  const mine = ++latest;
  const { images, root, run } = libraries[place];
  const response = await fetch(`/api/sample/${place}`);
  const found = await response.json();
  if (mine !== latest) return;
  show(null);
  if (!response.ok) return say(found.error, true);
  say(`${images.toLocaleString("en")} images in ${root}/, indexed by the run ${run}; some of them:`);
  list(found, place);
}

function list(hits, place) {
  shown = { hits, place };
  at("hits").append(...hits.map((hit) => card(hit, place)));
  if (mapIsOpen()) map.showHits(hits, place);
}

async function search(remember = true) {
  const wanted = parameters();
  if (!isAsked()) return say("Describe an image first.", true);
  if (remember && asked.image === null) history.pushState(null, "", `?${wanted}`);
  const mine = ++latest;
  document.body.classList.add("busy");
  const start = performance.now();
  try {
    const request = asked.image === null ? {} : { method: "POST", body: asked.image };
    const response = await fetch(`/api/search?${wanted}`, request);
    const answer = await response.json();
    if (mine !== latest) return;
    if (response.ok) show(answer, Number(wanted.get("index")), performance.now() - start);
    else show(null), say(answer.error, true);
  } catch (error) {
    if (mine === latest) show(null), say("The server does not answer. Is `wfa serve` still running?", true);
  } finally {
    if (mine === latest) document.body.classList.remove("busy");
  }
}

function say(text, wrong = false) {
  at("status").textContent = text;
  at("status").classList.toggle("wrong", wrong);
}

function show(answer, place, total) {
  at("notes").replaceChildren();
  at("asked").replaceChildren();
  at("hits").replaceChildren();
  shown = { hits: [], place: 0 };
  if (!answer) return;
  const of = answer.passed === null ? "" : `, ${answer.passed.toLocaleString("en")} pass the filters`;
  say(`${answer.hits.length} of ${answer.images.toLocaleString("en")} images${of} · query encoded in ` +
    `${answer.encode_ms.toFixed(1)} ms · searched in ${answer.search_ms.toFixed(2)} ms ` +
    `(${answer.kind === "exact" ? "exact" : libraryLabel(place)}) · ${total.toFixed(0)} ms in all`);
  at("notes").append(...answer.notes.map((note) => make("p", { class: "warning" }, note)));
  showAsked(answer, place);
  list(answer.hits, place);
}

const libraryLabel = (place) => libraries[place].kinds.find(({ kind }) => kind !== "exact").label;

/** Show how much each line counted, or the image that was asked with. */
function showAsked(answer, place) {
  if (answer.texts.length > 1 && answer.weights) {
    at("asked").append(make("ul", { class: "captions" }, ...answer.texts.map((text, k) =>
      make("li", {}, make("span", { class: "share" }, `${Math.round(100 * answer.weights[k])} %`), text))));
  }
  if (asked.like !== null) {
    at("asked").append(make("img", { src: `/thumbnail/${place}/${asked.like}`, alt: "The image asked with" }));
  } else if (asked.image !== null) {
    const image = make("img", { alt: "The image asked with" });
    image.addEventListener("load", () => URL.revokeObjectURL(image.src));
    image.addEventListener("error", () => image.remove()); // a TIFF, which browsers do not draw
    image.src = URL.createObjectURL(asked.image);
    at("asked").append(image);
  }
}

function gone(why) {
  return make("div", { class: "gone" }, make("span", {}, why));
}

function facts(hit) {
  const pairs = Object.entries(hit.metadata);
  if (!pairs.length) return null;
  return make("dl", { class: "facts" }, ...pairs.map(([name, value]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

function picture(hit, place) {
  if (hit.missing) return gone("The file is gone since it was indexed.");
  const image = make("img", { src: `/thumbnail/${place}/${hit.id}`, alt: hit.path, loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(gone("The file cannot be read any more.")));
  return make("button", { class: "open", type: "button", title: "Look at it",
    click: () => enlarge(hit, place) }, image);
}

function card(hit, place) {
  const points = (on) => () => map?.point(hit.id, on);
  return make("li", { "data-id": hit.id, mouseenter: points(true), mouseleave: points(false),
    focusin: points(true), focusout: points(false) }, picture(hit, place),
    make("div", { class: "line" },
      hit.rank ? make("span", { class: "rank" }, String(hit.rank)) : null,
      make("button", { class: "similar", type: "button", click: () => similar(hit.id) }, "similar"),
      hit.rank ? make("span", { class: "score", title: "Similarity to the query, from -1 to 1" },
        hit.score.toFixed(4)) : null),
    make("div", { class: "path" }, hit.path),
    hit.merged ? make("div", { class: "path" }, `and ${hit.merged} that overlap it`) : null);
}

function where(hit) {
  if (!hit.place) return null;
  const { box, date, crs, crs_box: own } = hit.place;
  const pairs = [["Box in degrees", (box || []).map((side) => side.toFixed(5)).join(", ")],
    ["In its own CRS", `${own.map((side) => side.toFixed(1)).join(", ")} (${crs.slice(0, 40)})`],
    ["Date", date]].filter(([, value]) => value);
  return make("dl", { class: "facts" }, ...pairs.map(([name, value]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

/** Go to the hit before or after the one that is looked at. */
function step(by) {
  const places = shown.hits.filter((hit) => !hit.missing);
  const now = places.findIndex((hit) => String(hit.id) === at("large").dataset.id);
  const next = places[now + by];
  if (next) enlarge(next, shown.place);
}

function enlarge(hit, place) {
  at("large").dataset.id = hit.id;
  at("large-image").src = `/image/${place}/${hit.id}`;
  at("large-image").alt = hit.path;
  const found = hit.rank ? ` · rank ${hit.rank} · ${hit.score.toFixed(4)}` : "";
  const head = make("p", {}, make("strong", {}, hit.path), found);
  at("large-facts").replaceChildren(...[head, where(hit), facts(hit)].filter(Boolean));
  if (!at("large").open) at("large").showModal();
}

function similar(id) {
  asked = { like: String(id), image: null, region: null };
  at("query").value = "";
  grow();
  search();
  window.scrollTo(0, 0);
}

function withImage(file) {
  if (!file) return;
  asked = { like: null, image: file, region: null };
  at("query").value = "";
  grow();
  search();
}

function grow() {
  const box = at("query");
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, 260)}px`;
}

at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
at("query").addEventListener("input", () => {
  asked = { like: null, image: null, region: null };
  grow();
});
at("query").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    search();
  }
});
at("library").addEventListener("change", () => {
  asked.like = asked.region = null; // of another index
  showLibrary();
  if (!isAsked()) showSample(Number(at("library").value));
});
for (const id of ["library", "kind", "technique", "top", "path", "where", "within", "date"]) {
  at(id).addEventListener("change", () => {
    if (isAsked()) search();
  });
}
at("within").addEventListener("change", () => map?.showBox(at("within").value));
at("map-toggle").addEventListener("click", () => toggleMap(!mapIsOpen()).then(remember));
at("draw").addEventListener("click", () => {
  const on = at("draw").getAttribute("aria-pressed") !== "true";
  at("draw").setAttribute("aria-pressed", String(on));
  map.draw(on);
});
at("like-box").addEventListener("click", () => {
  if (!at("within").value.trim()) return say("Draw a box on the map first.", true);
  asked = { like: null, image: null, region: at("within").value.trim() };
  at("query").value = at("within").value = "";
  grow();
  search();
});
at("clear-box").addEventListener("click", () => {
  at("within").value = "";
  asked.region = null;
  map.showBox("");
  if (isAsked()) search();
});
document.addEventListener("keydown", (event) => {
  if (at("large").open) {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  } else if (!event.target.matches("input, textarea, select") && !event.ctrlKey && !event.metaKey) {
    if (event.key === "m") toggleMap(!mapIsOpen()).then(remember);
    if (event.key === "/") {
      event.preventDefault();
      at("query").focus();
    }
  }
});

/** Keep in the address bar whether the map is open. */
function remember() {
  history.replaceState(null, "", `?${parameters()}`);
}
at("upload").addEventListener("click", () => at("file").click());
at("file").addEventListener("change", () => {
  withImage(at("file").files[0]);
  at("file").value = "";
});
const box = document.querySelector(".box");
for (const name of ["dragover", "dragleave", "drop"]) {
  box.addEventListener(name, (event) => {
    event.preventDefault();
    box.classList.toggle("over", name === "dragover");
    if (name === "drop") withImage(event.dataTransfer.files[0]);
  });
}
window.addEventListener("popstate", restore);

fetch("/api/libraries").then((response) => response.json()).then((found) => {
  libraries = found;
  fill(at("library"), found.map((library, place) =>
    [String(place), `${library.name} (${library.images.toLocaleString("en")} images)`]), "0");
  at("library-label").hidden = found.length < 2;
  restore();
}).catch(() => say("The server does not answer. Is `wfa serve` still running?", true));
