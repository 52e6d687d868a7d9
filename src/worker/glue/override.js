// A config that replaces the one in the environment; kept here because it must outlive a wasm instance.
let override = null;

export function setOverride(text) {
  override = text;
}

export function getOverride() {
  return override;
}

