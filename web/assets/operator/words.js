// The words of the operator's page. The crew fixes things in the dark: each trouble says what to do.

/** @import { UiLang } from "../lib/i18n.js" */

const WORDS = {
  title: { kk: "Оператор", ru: "Оператор", en: "Operator" },
  noServer: {
    kk: "Сервер жауап бермейді. Төмендегі деректер ескірген.",
    ru: "Сервер не отвечает. Всё, что ниже, устарело.",
    en: "The server does not answer. Everything below is out of date.",
  },
  input: { kk: "Дыбыс", ru: "Звук", en: "Sound" },
  soundIsFine: { kk: "деңгейі жақсы", ru: "уровень в порядке", en: "the level is fine" },
  clipping: {
    kk: "шамадан тыс қатты: күшейтуді азайтыңыз",
    ru: "перегрузка: убавьте усиление",
    en: "clipping: turn the gain down",
  },
  silent: {
    kk: "10 секундтан бері дыбыс жоқ: микрофон мен арнаны тексеріңіз",
    ru: "10 секунд тишины: проверьте микрофон и канал",
    en: "nothing for 10 seconds: check the microphone and the channel",
  },
  ended: { kk: "дыбыс көзі аяқталды", ru: "источник закончился", en: "the source has ended" },
  recognition: { kk: "Тану", ru: "Распознавание", en: "Recognition" },
  keepsUp: { kk: "үлгеріп тұр", ru: "успевает", en: "keeps up" },
  behind: {
    kk: "кешігіп жатыр: басқа бағдарламаларды жабыңыз немесе кішірек модель таңдаңыз",
    ru: "отстаёт: закройте другие программы или возьмите модель поменьше",
    en: "falls behind: close other programs or choose a smaller model",
  },
  seconds: { kk: "с", ru: "с", en: "s" },
  waiting: { kk: "кезекте", ru: "в очереди", en: "waiting" },
  spoken: { kk: "Сөйлеу тілі", ru: "Язык речи", en: "Language spoken" },
  language: { kk: "Тіл таңдауы", ru: "Выбор языка", en: "Choice of language" },
  auto: { kk: "өзі анықтайды", ru: "определяет сам", en: "by ear" },
  notDone: {
    kk: "орындалмады: сервер берген оператор сілтемесін ашыңыз",
    ru: "не выполнено: откройте ссылку оператора, которую печатает сервер",
    en: "not done: open the operator's link that the server prints",
  },
  signIn: { kk: "Кіру", ru: "Войти", en: "Sign in" },
  signOut: { kk: "Шығу", ru: "Выйти", en: "Sign out" },
  token: { kk: "Кіру токені", ru: "Токен для входа", en: "Token" },
  wrongToken: {
    kk: "Бұл токен жарамсыз. Сервер берген сілтемені ашыңыз немесе жаңа токен жасаңыз.",
    ru: "Этот токен не подходит. Откройте ссылку, которую печатает сервер, или создайте новый токен.",
    en: "This token opens nothing. Open the link that the server prints, or make a new token.",
  },
  certificate: { kk: "Сервер сертификаты:", ru: "Сертификат сервера:", en: "Certificate of the server:" },
  lost: { kk: "Жоғалған сөйлемдер", ru: "Потеряно высказываний", en: "Utterances lost" },
  segments: { kk: "Жолдар", ru: "Строки", en: "Lines" },
  untranslated: { kk: "аударылмаған", ru: "без перевода", en: "not translated" },
  doubtful: { kk: "Аударманы тексеріңіз", ru: "Проверьте перевод", en: "Check the translation" },
  remembered: { kk: "жадтан", ru: "из памяти", en: "from the memory" },
  lacks: { kk: "жоқ", ru: "нет", en: "lacks" },
  added: { kk: "артық", ru: "лишнее", en: "added" },
  rejected: { kk: "қабылданбаған", ru: "отброшено", en: "rejected" },
  prepared: { kk: "Дайын сөз", ru: "Готовая речь", en: "Prepared speech" },
  noSpeech: { kk: "жүктелмеген", ru: "не загружена", en: "none loaded" },
  scriptWrites: { kk: "экранда ресми мәтін", ru: "на экране официальный текст", en: "the official text is on air" },
  machineWrites: { kk: "экранда машина мәтіні", ru: "на экране текст машины", en: "the machine is on air" },
  whoWrites: { kk: "Субтитрді кім жазады", ru: "Кто пишет субтитры", en: "Who writes the captions" },
  byItself: { kk: "өзі таңдайды", ru: "выбирает сама", en: "follow the speaker" },
  scriptOnly: { kk: "тек дайын сөз", ru: "только речь", en: "the speech" },
  machineOnly: { kk: "тек машина", ru: "только машина", en: "the machine" },
  kazakhText: { kk: "Қазақша мәтін", ru: "Казахский текст", en: "Kazakh text" },
  russianText: { kk: "Орысша мәтін", ru: "Русский текст", en: "Russian text" },
  readFiles: { kk: "Файлдарды оқу", ru: "Прочитать файлы", en: "Read the files" },
  putToUse: { kk: "Қолдану", ru: "Применить", en: "Use it" },
  takeAway: { kk: "Алып тастау", ru: "Убрать", en: "Remove it" },
  pairs: { kk: "жұптар", ru: "пар", en: "pairs" },
  toCheck: { kk: "тексеру керек", ru: "проверить", en: "to check" },
  noPartner: { kk: "бір тілде ғана", ru: "только на одном языке", en: "in one language only" },
  otherLength: { kk: "ұзындығы әртүрлі", ru: "разная длина", en: "lengths differ" },
  otherNumbers: { kk: "сандары әртүрлі", ru: "разные числа", en: "numbers differ" },
  viewers: { kk: "Көрермендер", ru: "Зрители", en: "Viewers" },
  clock: { kk: "Сағат", ru: "Часы", en: "Clock" },
  screen: { kk: "Зал экраны", ru: "Экран зала", en: "Hall screen" },
  phone: { kk: "Телефон беті", ru: "Страница для телефона", en: "Phone page" },
};

/** What a machine that is too slow gives up: the rungs of the degradation ladder. */
const EFFORTS = {
  "fewer-drafts": {
    kk: "үлгермейді: жолдар сирек жаңарады",
    ru: "не успевает: строки обновляются реже",
    en: "too slow: lines grow less often",
  },
  "shorter-utterances": {
    kk: "үлгермейді: жолдар қысқарақ",
    ru: "не успевает: строки короче",
    en: "too slow: lines are cut shorter",
  },
  "lighter-model": {
    kk: "үлгермейді: жеңіл модель тыңдап тұр",
    ru: "не успевает: слушает лёгкая модель",
    en: "too slow: a lighter model listens",
  },
  "finals-only": {
    kk: "үлгермейді: тек аяқталған жолдар",
    ru: "не успевает: только готовые строки",
    en: "too slow: only finished lines",
  },
  "source-only": {
    kk: "үлгермейді: аудармасыз",
    ru: "не успевает: без перевода",
    en: "too slow: no translation",
  },
};

/** @typedef {keyof typeof WORDS} OperatorWord */

/**
 * A word in the language of the interface.
 * @param {UiLang} ui
 * @param {OperatorWord} word
 */
export function tell(ui, word) {
  return WORDS[word][ui];
}

/**
 * What the machine has given up, with the remedy.
 * @param {UiLang} ui
 * @param {string} effort
 */
export function tellEffort(ui, effort) {
  const words = EFFORTS[/** @type {keyof typeof EFFORTS} */ (effort)];
  return words === undefined ? effort : `${words[ui]} (${WORDS.behind[ui].split(": ")[1]})`;
}
