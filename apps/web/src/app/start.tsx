export function start(_options: unknown): void {}
