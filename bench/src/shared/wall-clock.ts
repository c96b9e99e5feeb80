/** Milliseconds since 1970 with fractions: comparable between processes of one machine, in Node and in browsers. */
export const wallMs = (): number => performance.timeOrigin + performance.now();
