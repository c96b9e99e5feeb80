/** A desk and a hand, in CSS pixels. */
export const SCREEN_SIZES = { desktop: { width: 1280, height: 720 }, phone: { width: 412, height: 892 } } as const;

export type ScreenName = keyof typeof SCREEN_SIZES;
