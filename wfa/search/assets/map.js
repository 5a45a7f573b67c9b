"use strict";

/** The map of an index: its scenes and hits on a graticule, without any tile of a base map. */
class HitMap {
  /**
   * @param {HTMLElement} element where it is drawn.
   * @param {function(object)} onHit is given a hit that was clicked.
   * @param {function(string)} onBox is given `west,south,east,north` of a box that was drawn.
   */
  constructor(element, onHit, onBox) {
    this.onHit = onHit;
    this.onBox = onBox;
    this.map = L.map(element, {
      crs: L.CRS.EPSG4326, attributionControl: false, zoomSnap: 0.25, maxZoom: 19,
      maxBounds: [[-95, -370], [95, 370]], boxZoom: false,
    });
    this.grid = L.layerGroup().addTo(this.map);
    this.scenes = L.layerGroup().addTo(this.map);
    this.hits = L.layerGroup().addTo(this.map);
    this.box = L.layerGroup().addTo(this.map);
    this.outlines = new Map();
    this.extent = [[-60, -180], [80, 180]];
    this.map.fitBounds(this.extent);
    this.map.on("moveend", () => this.drawGrid());
    this.drawGrid();
    this.drawing = null;
    this.map.on("mousedown", (event) => this.begin(event));
    this.map.on("mousemove", (event) => this.stretch(event));
    this.map.on("mouseup", (event) => this.end(event));
  }

  /** Show where an index has scenes. */
  showScenes(scenes) {
    this.scenes.clearLayers();
    const boxes = scenes.filter(({ box }) => box).map((scene) => {
      const outline = L.rectangle(corners(scene.box),
        { className: "scene-outline", fill: false, interactive: false });
      this.scenes.addLayer(outline);
      return outline.getBounds();
    });
    if (!boxes.length) return;
    this.extent = boxes.reduce((all, one) => all.extend(one), L.latLngBounds(boxes[0].getSouthWest(), boxes[0].getNorthEast()));
    this.map.fitBounds(this.extent, { animate: false });
  }

  /** Show hits: each as its own picture, framed, with its rank. */
  showHits(hits, place) {
    this.hits.clearLayers();
    this.outlines.clear();
    const placed = hits.filter((hit) => hit.place && hit.place.box);
    for (const hit of [...placed].reverse()) {
      const bounds = L.latLngBounds(corners(hit.place.box));
      if (!hit.missing) this.hits.addLayer(L.imageOverlay(`/thumbnail/${place}/${hit.id}`, bounds));
      const frame = L.rectangle(bounds, { className: "hit-frame", fillOpacity: 0 });
      const dot = L.circleMarker(bounds.getCenter(), { className: "hit-dot", radius: 6 });
      for (const layer of [frame, dot]) {
        layer.bindTooltip(`${hit.rank ? `${hit.rank} · ` : ""}${hit.path}`);
        layer.on("click", () => this.onHit(hit));
        this.hits.addLayer(layer);
      }
      this.outlines.set(hit.id, frame);
    }
    if (placed.length) {
      const all = L.latLngBounds(placed.flatMap((hit) => corners(hit.place.box)));
      this.map.fitBounds(all.pad(0.2), { animate: false, maxZoom: 15 });
    }
  }

  /** Emphasise a hit while its card is pointed at. */
  point(id, on) {
    const frame = this.outlines.get(id);
    if (frame) frame.getElement()?.classList.toggle("pointed", on);
  }

  /** Show the box that filters or is asked with; none for an empty text. */
  showBox(text) {
    this.box.clearLayers();
    const sides = text.split(",").map(Number);
    if (sides.length === 4 && sides.every(Number.isFinite)) {
      this.box.addLayer(L.rectangle(corners(sides), { className: "asked-box", interactive: false }));
    }
  }

  /** Let the next drag draw a box. */
  draw(on) {
    this.drawing = on ? { from: null } : null;
    this.map.dragging[on ? "disable" : "enable"]();
    this.map.getContainer().classList.toggle("drawing", on);
  }

  begin(event) {
    if (this.drawing) this.drawing.from = event.latlng;
  }

  stretch(event) {
    if (this.drawing?.from) this.showBox(boxOf(this.drawing.from, event.latlng));
  }

  end(event) {
    const from = this.drawing?.from;
    if (!from) return;
    this.draw(false);
    this.onBox(boxOf(from, event.latlng));
  }

  drawGrid() {
    this.grid.clearLayers();
    const seen = this.map.getBounds();
    const wide = seen.getEast() - seen.getWest();
    const steps = [60, 30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002];
    const step = steps.findLast((one) => wide / one <= 9) ?? 60;
    const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    const line = (points) => L.polyline(points, { className: "graticule", interactive: false });
    const label = (point, text, side) => L.marker(point, { interactive: false, keyboard: false,
      icon: L.divIcon({ className: `degree ${side}`, html: text, iconSize: null }) });
    const south = Math.max(-90, seen.getSouth());
    const north = Math.min(90, seen.getNorth());
    for (let k = Math.ceil(seen.getWest() / step); k * step <= seen.getEast(); k += 1) {
      const east = k * step;
      this.grid.addLayer(line([[south, east], [north, east]]));
      const shown = ((((east + 180) % 360) + 360) % 360) - 180;
      const way = Math.abs(shown) < 1e-9 ? "" : shown < 0 ? " W" : " E";
      this.grid.addLayer(label([south, east], `${Math.abs(shown).toFixed(digits)}°${way}`, "foot"));
    }
    for (let k = Math.ceil(south / step); k * step <= north; k += 1) {
      const up = k * step;
      this.grid.addLayer(line([[up, seen.getWest()], [up, seen.getEast()]]));
      const way = Math.abs(up) < 1e-9 ? "" : up < 0 ? " S" : " N";
      this.grid.addLayer(label([up, seen.getWest()], `${Math.abs(up).toFixed(digits)}°${way}`, "flank"));
    }
  }

  /** Take the size that the page gives now. */
  resize() {
    this.map.invalidateSize({ animate: false });
  }
}

/** South-west and north-east of a box; one across the antimeridian goes on beyond 180 degrees. */
function corners([west, south, east, north]) {
  return [[south, west], [north, west > east ? east + 360 : east]];
}

function boxOf(one, other) {
  const wrap = (east) => ((((east + 180) % 360) + 360) % 360) - 180;
  const clip = (up) => Math.max(-90, Math.min(90, up));
  const [west, east] = [one.lng, other.lng].sort((a, b) => a - b);
  const [south, north] = [one.lat, other.lat].map(clip).sort((a, b) => a - b);
  const sides = east - west >= 360 ? [-180, south, 180, north] : [wrap(west), south, wrap(east), north];
  return sides.map((side) => Number(side.toFixed(6))).join(",");
}
