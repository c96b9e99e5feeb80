/** Optional dependencies named by locked packages that have no entry of their own: `[name, version]`. */
export function missingOptional(lock: { packages: Record<string, { optionalDependencies?: Record<string, string> }> }): [string, string][];
