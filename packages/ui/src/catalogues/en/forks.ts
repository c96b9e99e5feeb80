/** Two device lists of one contact, and the code of one’s own list. */
export const forks = {
  "fork.compare": "Compare both lists",
  "fork.title": "Two device lists of {name} exist",
  "fork.text": "Both are signed with the key of {name}. Either a phone was restored from an old copy, or somebody else has the key.",
  "fork.how": "Call {name} or meet. Their Hawser shows the digits of the right list under Devices, “Code of this list”.",
  "fork.notYet": "The other list is not wholly known yet. Look again when you are online.",
  "fork.known": "The list you know",
  "fork.other": "Another list",
  "fork.signed": "List {number, number}, signed {date}",
  "fork.rejected": "You decided against it before",
  "fork.phone": "Phone, device {number}",
  "fork.companion": "Linked device {number}",
  "fork.onlyHere": "only in this list",
  "fork.trust": "Trust this one",
  "fork.codeLabel": "Code of the list: {digits}",
  "fork.confirmTitle": "Trust this list?",
  "fork.confirmText": "Did {name} read exactly these digits to you, in person or in a call in which you knew the voice?",
  "fork.confirmWarning":
    "Messages go to the devices of this list alone. If it is the wrong one, somebody else reads what you write to {name}.",
  "fork.confirm": "Trust this list",
  "fork.done": "You trust this list of {name}. Compare the safety number again.",
  "devices.listCode": "Code of this list",
  "devices.listCodeText":
    "Read these digits to contacts who are shown two lists of your devices. They change with each device that comes or goes.",
} as const;
