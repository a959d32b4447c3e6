/** Writes the registries of a source tree: this project's, or another's. */
export function writeRegistries(src?: string): void;
