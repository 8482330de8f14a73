// Invented people to write as, and mails to start from.

export const PEOPLE = [
  { name: "Nora Example", address: "nora@example.org" },
  { name: "Luc Martin", address: "luc@example.net" },
  { name: "Iris Sample", address: "iris@example.com" },
  { name: "Irene Vale", address: "irene.vale@example.org" },
  { name: "Sam Doe", address: "sam.doe@example.net" },
];

export const EXAMPLES = [
  { label: "Access", subject: "What data do you hold about me?",
    body: "Hello,\n\nplease send me a copy of all the personal data you hold about me, and tell me who received it.\nI live in Manchester, UK.\n\nKind regards" },
  { label: "Deletion", subject: "Delete my account",
    body: "Hi,\n\nI no longer use Spaces. Please delete my account and all data that belongs to it.\nI live in Lyon, France.\n\nThanks" },
  { label: "Correction", subject: "My name is wrong",
    body: "Good morning,\n\nmy family name changed in May and my profile still shows the old one. Please correct it.\n\nBest wishes" },
  { label: "Unsubscribe", subject: "No more newsletters", body: "Please stop sending me marketing mail." },
  { label: "Child", subject: "My daughter's account",
    body: "Hello,\n\nmy daughter is nine and made an account with her tablet. I never agreed to that.\nPlease remove it and everything you know about her." },
  { label: "Complaint", subject: "Complaint about how you handle my data",
    body: "You answered my request three weeks late and left half of it out. I want to complain about this." },
];
