import { expect, test } from "vitest";
import { initialsOf } from "./components/avatar.tsx";
import { dayTitle, fileSize, listTime, localDay } from "./dates.ts";

const at = (day: number, hour: number): number => new Date(2026, 5, day, hour).getTime();
const WORDS = { today: "Today", yesterday: "Yesterday" };

test("lists show the time, then the weekday, then the date", () => {
  const now = at(20, 9);
  expect(listTime(at(20, 8), now, "en-GB", "Yesterday")).toBe("08:00");
  expect(listTime(at(19, 23), now, "en-GB", "Yesterday")).toBe("Yesterday");
  expect(listTime(at(16, 8), now, "en-GB", "Yesterday")).toBe("Tue");
  expect(listTime(at(1, 8), now, "en-GB", "Yesterday")).toBe("01/06/26");
});

test("a clock that is ahead does not turn into another day", () => {
  expect(listTime(at(21, 1), at(20, 23), "en-GB", "Yesterday")).toBe("01:00");
});

test("days are named by how far they are", () => {
  const now = at(20, 9);
  expect([
    dayTitle(at(20, 1), now, "en-GB", WORDS),
    dayTitle(at(19, 1), now, "en-GB", WORDS),
    dayTitle(at(16, 1), now, "en-GB", WORDS),
  ]).toEqual(["Today", "Yesterday", "Tuesday"]);
  expect(dayTitle(at(1, 1), now, "tr", WORDS)).toBe("1 Haziran");
  expect(dayTitle(new Date(2024, 0, 5).getTime(), now, "en-GB", WORDS)).toBe("5 January 2024");
});

test("days follow the local calendar, also over a change of the clocks", () => {
  const days = Array.from({ length: 400 }, (_, index) => localDay(new Date(2026, 0, 1 + index, 12).getTime()));
  expect(days.every((day, index) => index === 0 || day === days[index - 1]! + 1)).toBe(true);
});

test("file sizes read as people write them", () => {
  expect([fileSize(12, "en"), fileSize(1_500, "en"), fileSize(25_000_000, "en")]).toEqual(["12 byte", "1.5 kB", "25 MB"]);
});

test("initials skip what is not a letter", () => {
  expect(["Leyla Məmmədova", "ada", "👋 Deniz", "  ", "Ömer van der Berg"].map(initialsOf)).toEqual(["LM", "A", "D", "", "ÖB"]);
});
