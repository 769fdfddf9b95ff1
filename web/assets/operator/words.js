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
  segments: { kk: "Жолдар", ru: "Строки", en: "Lines" },
  untranslated: { kk: "аударылмаған", ru: "без перевода", en: "not translated" },
  rejected: { kk: "қабылданбаған", ru: "отброшено", en: "rejected" },
  viewers: { kk: "Көрермендер", ru: "Зрители", en: "Viewers" },
  clock: { kk: "Сағат", ru: "Часы", en: "Clock" },
  screen: { kk: "Зал экраны", ru: "Экран зала", en: "Hall screen" },
  phone: { kk: "Телефон беті", ru: "Страница для телефона", en: "Phone page" },
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
