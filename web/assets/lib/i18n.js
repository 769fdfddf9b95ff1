// The words of the pages in Kazakh, Russian and English. Captions themselves are never translated here.

/** @typedef {"kk" | "ru" | "en"} UiLang */

/** The languages of the interface, each by its own name. */
export const UI_LANGS = /** @type {readonly UiLang[]} */ (["kk", "ru", "en"]);

/** Each language by its own name. */
export const NAMES = { kk: "Қазақша", ru: "Русский", en: "English" };

const WORDS = {
  captions: { kk: "Субтитрлер", ru: "Субтитры", en: "Captions" },
  chooseLanguage: {
    kk: "Субтитрлерді қай тілде оқисыз?",
    ru: "На каком языке читать субтитры?",
    en: "Which language would you like to read?",
  },
  changeLater: {
    kk: "Кейін баптауларда өзгерте аласыз.",
    ru: "Позже это можно изменить в настройках.",
    en: "You can change this later in the settings.",
  },
  both: { kk: "Екі тілде", ru: "На двух языках", en: "Both languages" },
  settings: { kk: "Баптаулар", ru: "Настройки", en: "Settings" },
  close: { kk: "Жабу", ru: "Закрыть", en: "Close" },
  captionLanguage: { kk: "Субтитр тілі", ru: "Язык субтитров", en: "Caption language" },
  interfaceLanguage: { kk: "Интерфейс тілі", ru: "Язык интерфейса", en: "Interface language" },
  textSize: { kk: "Мәтін өлшемі", ru: "Размер текста", en: "Text size" },
  smaller: { kk: "Кішірейту", ru: "Уменьшить", en: "Smaller" },
  larger: { kk: "Үлкейту", ru: "Увеличить", en: "Larger" },
  colours: { kk: "Түстер", ru: "Цвета", en: "Colours" },
  dark: { kk: "Күңгірт", ru: "Тёмные", en: "Dark" },
  light: { kk: "Ашық", ru: "Светлые", en: "Light" },
  yellow: { kk: "Қара фонда сары", ru: "Жёлтый на чёрном", en: "Yellow on black" },
  saveData: { kk: "Трафикті үнемдеу", ru: "Экономить трафик", en: "Save data" },
  saveDataHint: {
    kk: "Тек аяқталған жолдар көрсетіледі.",
    ru: "Показываются только законченные строки.",
    en: "Only finished lines are shown.",
  },
  announce: { kk: "Жаңа жолдарды дауыстап оқу", ru: "Озвучивать новые строки", en: "Announce new lines" },
  announceHint: {
    kk: "Экранды оқитын бағдарламалар үшін.",
    ru: "Для программы экранного доступа.",
    en: "For screen readers.",
  },
  screenOn: { kk: "Экран сөнбейді.", ru: "Экран не погаснет.", en: "The screen stays on." },
  screenMayGoOff: {
    kk: "Бұл браузер экранды сөндірмей ұстай алмайды: телефон баптауларында экранның сөну уақытын ұзартыңыз.",
    ru: "Этот браузер не может держать экран включённым: увеличьте время до отключения экрана в настройках телефона.",
    en: "This browser cannot keep the screen on: lengthen the screen timeout in the settings of your phone.",
  },
  original: { kk: "түпнұсқа", ru: "оригинал", en: "original" },
  translation: { kk: "аударма", ru: "перевод", en: "translation" },
  translationComes: { kk: "аударма дайындалуда", ru: "перевод готовится", en: "the translation is coming" },
  nothingYet: {
    kk: "Сөз басталғанда субтитрлер осында шығады.",
    ru: "Субтитры появятся здесь, когда начнётся речь.",
    en: "Captions will appear here when someone speaks.",
  },
  live: { kk: "Тікелей эфир", ru: "Прямой эфир", en: "Live" },
  connecting: { kk: "Қосылып жатыр…", ru: "Подключение…", en: "Connecting…" },
  reconnecting: {
    kk: "Байланыс үзілді, қайта қосылып жатыр…",
    ru: "Связь прервалась, подключаемся снова…",
    en: "The connection was lost, reconnecting…",
  },
  unknownRoom: {
    kk: "Мұндай зал жоқ. Мекенжайды тексеріңіз.",
    ru: "Такого зала нет. Проверьте адрес.",
    en: "There is no such room. Check the address.",
  },
  asksForCode: {
    kk: "Бұл зал кодпен ашылады.",
    ru: "Этот зал открывается кодом.",
    en: "This room asks for its code.",
  },
  sayCode: { kk: "Залдың кодын енгізіңіз", ru: "Введите код зала", en: "Enter the code of the room" },
  enter: { kk: "Кіру", ru: "Войти", en: "Enter" },
  wrongCode: {
    kk: "Код дұрыс емес. Ұйымдастырушыдан сұраңыз.",
    ru: "Код неверный. Спросите организаторов.",
    en: "This is not the code. Ask the organisers.",
  },
  tooManyTries: {
    kk: "Қате тым көп. Біраздан соң қайталаңыз.",
    ru: "Слишком много ошибок. Попробуйте чуть позже.",
    en: "Too many wrong tries. Try again a little later.",
  },
  outOfDate: {
    kk: "Бет ескірген. Оны жаңартыңыз.",
    ru: "Страница устарела. Обновите её.",
    en: "This page is out of date. Reload it.",
  },
  refused: {
    kk: "Сервер қосылуға рұқсат бермеді. Бетті жаңартыңыз.",
    ru: "Сервер отказал в подключении. Обновите страницу.",
    en: "The server refused the connection. Reload the page.",
  },
  jump: { kk: "Эфирге оралу", ru: "К прямому эфиру", en: "Jump to live" },
  started: { kk: "Эфир басталды", ru: "Эфир начался", en: "The broadcast began" },
  ended: { kk: "Эфир аяқталды", ru: "Эфир завершён", en: "The broadcast ended" },
  looped: { kk: "Жазба басынан басталды", ru: "Запись началась сначала", en: "The recording began again" },
  onYourPhone: { kk: "Субтитрлер телефоныңызда", ru: "Субтитры в вашем телефоне", en: "Captions on your phone" },
  qrCode: { kk: "Телефонға арналған QR-код", ru: "QR-код для телефона", en: "QR code for phones" },
  rooms: { kk: "Залдар", ru: "Залы", en: "Rooms" },
  roomsLead: {
    kk: "Қазақ және орыс тілдеріндегі тікелей субтитрлер",
    ru: "Живые субтитры на казахском и русском языках",
    en: "Live captions in Kazakh and Russian",
  },
  noRooms: { kk: "Әзірге ашық зал жоқ.", ru: "Открытых залов пока нет.", en: "No room is open yet." },
  noServer: {
    kk: "Сервер жауап бермей тұр. Қайта қосылып көреміз…",
    ru: "Сервер не отвечает. Пробуем снова…",
    en: "The server does not answer. Trying again…",
  },
  phonePage: { kk: "Телефонға арналған бет", ru: "Страница для телефона", en: "Phone page" },
  hallScreen: { kk: "Зал экраны", ru: "Экран зала", en: "Hall screen" },
  lightTheme: { kk: "Ашық түстер", ru: "Светлая тема", en: "Light colours" },
  unfinished: { kk: "Аяқталмаған сөздер", ru: "Незаконченные слова", en: "Unfinished words" },
  fullScreen: { kk: "Толық экран", ru: "Во весь экран", en: "Full screen" },
};

/** @typedef {keyof typeof WORDS} Word */

/**
 * Words whose form depends on a count, written `{n}`. Kazakh nouns stay as they are after a number.
 * @type {Record<string, Record<UiLang, Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>>}
 */
const COUNTED = {
  newLines: {
    kk: { other: "{n} жаңа жол" },
    ru: { one: "{n} новая строка", few: "{n} новые строки", other: "{n} новых строк" },
    en: { one: "{n} new line", other: "{n} new lines" },
  },
  earlierLines: {
    kk: { other: "Бұрынғы жолдар: {n}" },
    ru: { other: "Более ранние строки: {n}" },
    en: { other: "Earlier lines: {n}" },
  },
  viewers: {
    kk: { other: "{n} көрермен" },
    ru: { one: "{n} зритель", few: "{n} зрителя", other: "{n} зрителей" },
    en: { one: "{n} viewer", other: "{n} viewers" },
  },
  gap: {
    kk: { other: "Дыбыс {n} с болмады" },
    ru: { other: "Не было звука: {n} с" },
    en: { other: "No sound for {n} s" },
  },
};

/**
 * @param {UiLang} lang
 * @param {Word} word
 * @returns {string}
 */
export function say(lang, word) {
  return WORDS[word][lang];
}

/**
 * @param {UiLang} lang
 * @param {"newLines" | "earlierLines" | "viewers" | "gap"} word
 * @param {number} n a whole number
 * @returns {string}
 */
export function sayCount(lang, word, n) {
  const forms = /** @type {typeof COUNTED[string]} */ (COUNTED[word])[lang];
  const form = forms[new Intl.PluralRules(lang).select(n)] ?? forms.other;
  // A number and its word stay on one line.
  return form.replace("{n} ", `${n}\u00a0`).replace("{n}", String(n));
}

/**
 * What a mark of the log says to readers; marks of unknown kinds say nothing.
 * @param {UiLang} lang
 * @param {{ m: string, millis: number }} mark
 * @returns {string | null}
 */
export function sayMark(lang, { m, millis }) {
  switch (m) {
    case "started":
    case "ended":
    case "looped":
      return say(lang, m);
    case "gap":
      return sayCount(lang, "gap", Math.max(1, Math.round(millis / 1000)));
    default:
      return null;
  }
}

/**
 * The first interface language that the reader's browser asks for and this page speaks.
 * @param {readonly string[]} wanted BCP 47 tags, the dearest first
 * @returns {UiLang}
 */
export function pickUiLang(wanted) {
  for (const tag of wanted) {
    const found = UI_LANGS.find((lang) => lang === tag.toLowerCase().split("-")[0]);
    if (found) {
      return found;
    }
  }
  return "ru";
}

/**
 * Fills every element below `root` that names its words: `data-say` its text, `data-say-label` its accessible name.
 * @param {ParentNode} root
 * @param {UiLang} lang
 */
export function translatePage(root, lang) {
  for (const element of root.querySelectorAll("[data-say], [data-say-label]")) {
    const { say: text, sayLabel: label } = /** @type {HTMLElement} */ (element).dataset;
    if (text) {
      element.textContent = say(lang, /** @type {Word} */ (text));
    }
    if (label) {
      element.setAttribute("aria-label", say(lang, /** @type {Word} */ (label)));
    }
  }
}
