"""Words for whom somebody belongs with, in eight languages: "Schwester" is the predicate `sister`.

One table for the rules that read such words and for the other names of people: asked in whatever language,
"meine Schwester" leads to Eva.
"""

from __future__ import annotations

from functools import cache

_WORDS: dict[str, dict[str, str]] = {
    "mother": {"en": "mother mum mom mama mommy mummy", "de": "Mutter Mama", "fr": "mère maman",
               "es": "madre mamá", "it": "madre mamma", "pt": "mãe", "ja": "母 お母さん", "zh": "妈妈 母亲"},
    "father": {"en": "father dad papa daddy", "de": "Vater Papa", "fr": "père papa", "es": "padre papá",
               "it": "padre papà", "pt": "pai", "ja": "父 お父さん", "zh": "爸爸 父亲"},
    "sister": {"en": "sister sis", "de": "Schwester", "fr": "sœur soeur", "es": "hermana", "it": "sorella",
               "pt": "irmã", "ja": "姉 妹", "zh": "姐姐 妹妹"},
    "brother": {"en": "brother bro", "de": "Bruder", "fr": "frère", "es": "hermano", "it": "fratello",
                "pt": "irmão", "ja": "兄 弟", "zh": "哥哥 弟弟"},
    "son": {"en": "son boy", "de": "Sohn", "fr": "fils", "es": "hijo", "it": "figlio", "pt": "filho",
            "ja": "息子", "zh": "儿子"},
    "daughter": {"en": "daughter girl", "de": "Tochter", "fr": "fille", "es": "hija", "it": "figlia",
                 "pt": "filha", "ja": "娘", "zh": "女儿"},
    "child": {"en": "child kid baby", "de": "Kind", "fr": "enfant", "es": "niño", "it": "bambino",
              "pt": "criança", "ja": "子供", "zh": "孩子"},
    "wife": {"en": "wife", "de": "Frau Ehefrau", "fr": "femme épouse", "es": "mujer esposa", "it": "moglie",
             "pt": "esposa mulher", "ja": "妻", "zh": "妻子 老婆"},
    "husband": {"en": "husband hubby", "de": "Mann Ehemann", "fr": "mari", "es": "marido esposo",
                "it": "marito", "pt": "marido", "ja": "夫", "zh": "丈夫 老公"},
    "partner": {"en": "partner", "de": "Partner Partnerin", "fr": "compagnon compagne", "es": "pareja",
                "it": "compagno compagna", "pt": "companheiro companheira", "ja": "パートナー", "zh": "伴侣"},
    "girlfriend": {"en": "girlfriend", "fr": "copine", "es": "novia", "it": "fidanzata ragazza",
                   "pt": "namorada", "ja": "彼女", "zh": "女朋友"},
    "boyfriend": {"en": "boyfriend", "fr": "copain", "es": "novio", "it": "fidanzato ragazzo",
                  "pt": "namorado", "ja": "彼氏", "zh": "男朋友"},
    "friend": {"en": "friend buddy mate", "de": "Freund Freundin", "fr": "ami amie", "es": "amigo amiga",
               "it": "amico amica", "pt": "amigo amiga", "ja": "友達", "zh": "朋友"},
    "grandmother": {"en": "grandmother grandma granny nan", "de": "Großmutter Oma", "fr": "grand-mère mamie",
                    "es": "abuela", "it": "nonna", "pt": "avó", "ja": "祖母", "zh": "奶奶 外婆"},
    "grandfather": {"en": "grandfather grandpa grandad", "de": "Großvater Opa", "fr": "grand-père papi",
                    "es": "abuelo", "it": "nonno", "pt": "avô", "ja": "祖父", "zh": "爷爷 外公"},
    "aunt": {"en": "aunt auntie", "de": "Tante", "fr": "tante", "es": "tía", "it": "zia", "pt": "tia",
             "ja": "叔母", "zh": "阿姨"},
    "uncle": {"en": "uncle", "de": "Onkel", "fr": "oncle", "es": "tío", "it": "zio", "pt": "tio",
              "ja": "叔父", "zh": "叔叔"},
    "cousin": {"en": "cousin", "de": "Cousin Cousine", "fr": "cousin cousine", "es": "primo prima",
               "it": "cugino cugina", "pt": "primo prima", "ja": "いとこ", "zh": "表哥 表姐"},
    "dog": {"en": "dog puppy doggy", "de": "Hund Hündin", "fr": "chien chienne", "es": "perro perra",
            "it": "cane", "pt": "cachorro cachorra cão", "ja": "犬", "zh": "狗"},
    "cat": {"en": "cat kitten kitty", "de": "Katze Kater", "fr": "chat chatte", "es": "gato gata",
            "it": "gatto gatta", "pt": "gato gata", "ja": "猫", "zh": "猫"},
    "horse": {"en": "horse pony", "de": "Pferd", "fr": "cheval", "es": "caballo", "it": "cavallo",
              "pt": "cavalo", "ja": "馬", "zh": "马"},
    "rabbit": {"en": "rabbit bunny", "de": "Hase Kaninchen", "fr": "lapin", "es": "conejo", "it": "coniglio",
               "pt": "coelho", "ja": "うさぎ", "zh": "兔子"},
    "boss": {"en": "boss", "de": "Chef Chefin", "fr": "chef patron", "es": "jefe jefa", "it": "capo",
             "pt": "chefe", "ja": "上司", "zh": "老板"},
    "doctor": {"en": "doctor gp physician", "de": "Arzt Ärztin Hausarzt Hausärztin", "fr": "médecin docteur",
               "es": "médico médica doctor", "it": "medico dottore", "pt": "médico médica", "ja": "主治医",
               "zh": "医生"},
    "dentist": {"en": "dentist", "de": "Zahnarzt Zahnärztin", "fr": "dentiste", "es": "dentista",
                "it": "dentista", "pt": "dentista", "ja": "歯医者", "zh": "牙医"},
    "teacher": {"en": "teacher", "de": "Lehrer Lehrerin", "fr": "professeur", "es": "profesor profesora",
                "it": "insegnante", "pt": "professor professora", "ja": "先生", "zh": "老师"},
    "neighbour": {"en": "neighbour neighbor", "de": "Nachbar Nachbarin", "fr": "voisin voisine",
                  "es": "vecino vecina", "it": "vicino vicina", "pt": "vizinho vizinha", "ja": "隣人",
                  "zh": "邻居"},
}  # fmt: skip
# Read as these, but other names of nobody: every child is somebody's "youngest" for a time.
_ALSO_ENGLISH = {
    "best friend": "best_friend", "best mate": "best_friend", "bestie": "best_friend", "pal": "friend",
    "gran": "grandmother", "colleague": "colleague", "workmate": "colleague",
    "lad": "son", "lass": "daughter", "youngest": "child", "eldest": "child", "oldest": "child",
    "firstborn": "child", "toddler": "child", "missus": "wife", "other half": "partner",
    "fiancé": "fiance", "fiancée": "fiance", "fiancee": "fiance", "housemate": "flatmate",
}  # fmt: skip
BREEDS = {
    **dict.fromkeys(("spaniel", "labrador", "lab", "retriever", "golden retriever", "terrier", "collie",
        "border collie", "poodle", "beagle", "greyhound", "dachshund", "pug", "whippet", "husky", "sheepdog",
        "alsatian", "german shepherd", "rottweiler", "dalmatian", "bulldog", "boxer", "chihuahua", "corgi",
        "schnauzer", "setter", "pointer", "lurcher", "mongrel", "mutt", "cockapoo", "labradoodle",
        "great dane", "saint bernard", "pup"), "dog"),
    **dict.fromkeys(("tabby", "tomcat", "siamese", "maine coon", "ragdoll", "moggy"), "cat"),
    **dict.fromkeys(("mare", "stallion", "gelding", "foal"), "horse"),
}  # fmt: skip
"""Kinds of an animal that are told for the animal: "our spaniel" is a dog."""


@cache
def read_in(language: str) -> dict[str, str]:
    """The words of a language in lower case, each with its predicate."""
    from .predicates import RELATIONS

    words = {
        word.lower(): predicate
        for predicate, spoken in _WORDS.items()
        for word in spoken.get(language, "").split()
    }
    if language == "en":
        plain = {name.replace("_", " "): name for name in RELATIONS}
        plain |= {name.replace("_", "-"): name for name in RELATIONS}
        return plain | words | _ALSO_ENGLISH | BREEDS
    return words


@cache
def names_for(predicate: str) -> tuple[str, ...]:
    """What somebody in this relation is called, in lower case and every language: "sister", "my sister"."""
    plain = predicate.replace("_", " ")
    words = [word.lower() for spoken in _WORDS.get(predicate, {}).values() for word in spoken.split()]
    return tuple(dict.fromkeys([plain, f"my {plain}", *words]))
