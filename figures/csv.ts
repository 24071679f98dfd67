/** Text as a field of CSV (RFC 4180): an empty one is `""`, so that it is not taken for none. */
export function csvField(text: string): string {
  return text === '' || /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
