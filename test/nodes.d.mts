/** Other versions of Node to try the program with: where their binaries lie, and whether they do. */
export const nodes: readonly { major: number; path: string; isInstalled: boolean }[];
