"use strict";

const at = (id) => document.getElementById(id);
let libraries = [];
let asked = { like: null, image: null }; // what is asked with besides words
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
}

function lines() {
  return at("query").value.split("\n").map((line) => line.trim()).filter(Boolean);
}

/** The question as URL parameters: what the address bar keeps and what the server is asked. */
function parameters() {
  const found = new URLSearchParams();
  if (asked.like !== null) found.set("like", asked.like);
  else if (asked.image === null) lines().forEach((line) => found.append("q", line));
  for (const [key, id] of [["index", "library"], ["kind", "kind"], ["technique", "technique"],
    ["top", "top"], ["path", "path"]]) {
    if (at(id).value) found.set(key, at(id).value);
  }
  if (!at("where-label").hidden) {
    at("where").value.split(",").map((text) => text.trim()).filter(Boolean)
      .forEach((text) => found.append("where", text));
  }
  return found;
}

function restore() {
  const given = new URLSearchParams(location.search);
  at("library").value = libraries[Number(given.get("index"))] ? given.get("index") || "0" : "0";
  showLibrary();
  for (const id of ["kind", "technique", "top"]) {
    const options = [...at(id).options].map((option) => option.value);
    if (options.includes(given.get(id))) at(id).value = given.get(id);
  }
  at("path").value = given.get("path") || "";
  at("where").value = given.getAll("where").join(", ");
  at("query").value = given.getAll("q").join("\n");
  asked = { like: given.get("like"), image: null };
  grow();
  if (asked.like !== null || lines().length) return search(false);
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
  at("hits").append(...found.map((image) => card(image, place)));
}

async function search(remember = true) {
  const wanted = parameters();
  if (!wanted.has("q") && !wanted.has("like") && asked.image === null) {
    return say("Describe an image first.", true);
  }
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
  if (!answer) return;
  const of = answer.passed === null ? "" : `, ${answer.passed.toLocaleString("en")} pass the filters`;
  say(`${answer.hits.length} of ${answer.images.toLocaleString("en")} images${of} · query encoded in ` +
    `${answer.encode_ms.toFixed(1)} ms · searched in ${answer.search_ms.toFixed(2)} ms ` +
    `(${answer.kind === "exact" ? "exact" : libraryLabel(place)}) · ${total.toFixed(0)} ms in all`);
  at("notes").append(...answer.notes.map((note) => make("p", { class: "warning" }, note)));
  showAsked(answer, place);
  at("hits").append(...answer.hits.map((hit) => card(hit, place)));
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
  return make("li", { "data-id": hit.id }, picture(hit, place),
    make("div", { class: "line" },
      hit.rank ? make("span", { class: "rank" }, String(hit.rank)) : null,
      make("button", { class: "similar", type: "button", click: () => similar(hit.id) }, "similar"),
      hit.rank ? make("span", { class: "score", title: "Similarity to the query, from -1 to 1" },
        hit.score.toFixed(4)) : null),
    make("div", { class: "path" }, hit.path));
}

function enlarge(hit, place) {
  at("large-image").src = `/image/${place}/${hit.id}`;
  at("large-image").alt = hit.path;
  const found = hit.rank ? ` · rank ${hit.rank} · ${hit.score.toFixed(4)}` : "";
  const head = make("p", {}, make("strong", {}, hit.path), found);
  at("large-facts").replaceChildren(...[head, facts(hit)].filter(Boolean));
  at("large").showModal();
}

function similar(id) {
  asked = { like: String(id), image: null };
  at("query").value = "";
  grow();
  search();
  window.scrollTo(0, 0);
}

function withImage(file) {
  if (!file) return;
  asked = { like: null, image: file };
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
  asked = { like: null, image: null };
  grow();
});
at("query").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    search();
  }
});
at("library").addEventListener("change", () => {
  asked.like = null; // an id of another index
  showLibrary();
  if (asked.image === null && !lines().length) showSample(Number(at("library").value));
});
for (const id of ["library", "kind", "technique", "top", "path", "where"]) {
  at(id).addEventListener("change", () => {
    if (asked.like !== null || asked.image !== null || lines().length) search();
  });
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
