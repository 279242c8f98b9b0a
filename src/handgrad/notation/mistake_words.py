"""The mistakes that are named, and the hints against them, in each language."""

from __future__ import annotations

Words = dict[str, dict[str, str]]

MISTAKES: Words = {
    "sign of the bias": {"de": "Vorzeichen des Bias", "hi": "बायस का चिह्न"},
    "tanh in place of σ": {"de": "tanh statt σ", "hi": "σ के स्थान पर tanh"},
    "σ in place of tanh": {"de": "σ statt tanh", "hi": "tanh के स्थान पर σ"},
    "1/n forgotten": {"de": "1/n vergessen", "hi": "1/n छूट गया"},
    "stride taken as 1": {"de": "Schrittweite 1 genommen", "hi": "स्ट्राइड 1 मान ली गई"},
    "padding at the end alone": {"de": "nur am Ende aufgefüllt", "hi": "पैडिंग केवल अंत में"},
    "gradient of the first place alone": {"de": "Gradient der ersten Stelle allein", "hi": "केवल पहले स्थान की प्रवणता"},
    "gradient of the first example alone": {
        "de": "Gradient des ersten Beispiels allein",
        "hi": "केवल पहले उदाहरण की प्रवणता",
    },
    "maximum in place of the mean": {"de": "Maximum statt Mittelwert", "hi": "माध्य के स्थान पर महत्तम"},
    "mean in place of the maximum": {"de": "Mittelwert statt Maximum", "hi": "महत्तम के स्थान पर माध्य"},
    "gradient to the first of the window": {
        "de": "Gradient an das Erste des Fensters",
        "hi": "प्रवणता विंडो की पहली प्रविष्टि को",
    },
    "slope α forgotten": {"de": "Steigung α vergessen", "hi": "ढाल α छूट गई"},
    "factor a forgotten": {"de": "Faktor a vergessen", "hi": "गुणक a छूट गया"},
    "second term forgotten": {"de": "zweiter Summand vergessen", "hi": "दूसरा पद छूट गया"},
    "ln ŷ for every y": {"de": "ln ŷ für jedes y", "hi": "हर y के लिए ln ŷ"},
    "denominator ŷ(1 − ŷ) forgotten": {"de": "Nenner ŷ(1 − ŷ) vergessen", "hi": "हर ŷ(1 − ŷ) छूट गया"},
    "one step too early": {"de": "einen Schritt zu früh", "hi": "एक चरण पहले का मान"},
    "weights transposed": {"de": "Gewichte transponiert", "hi": "भार का परिवर्त लिया गया"},
    "weights not transposed": {"de": "Gewichte nicht transponiert", "hi": "भार का परिवर्त नहीं लिया गया"},
    "bias forgotten": {"de": "Bias vergessen", "hi": "बायस छूट गया"},
    "gradient with the updated weights": {
        "de": "Gradient mit den neuen Gewichten",
        "hi": "अद्यतन भारों से प्रवणता",
    },
    "outer product transposed": {"de": "äußeres Produkt transponiert", "hi": "बाह्य गुणनफल का परिवर्त"},
    "output taken for the input": {"de": "Ausgabe statt Eingabe genommen", "hi": "निवेश के स्थान पर निर्गम"},
    "mean in place of the sum": {"de": "Mittelwert statt Summe", "hi": "योग के स्थान पर माध्य"},
    "sum in place of the mean": {"de": "Summe statt Mittelwert", "hi": "माध्य के स्थान पर योग"},
    "bias gradient of the first example alone": {
        "de": "Bias-Gradient nur des ersten Beispiels",
        "hi": "केवल पहले उदाहरण की बायस-प्रवणता",
    },
    "σ′ forgotten": {"de": "σ′ vergessen", "hi": "σ′ छूट गया"},
    "σ′ taken of h": {"de": "σ′ von h genommen", "hi": "σ′ को h पर लिया गया"},
    "σ in place of σ′": {"de": "σ statt σ′", "hi": "σ′ के स्थान पर σ"},
    "gradient from above forgotten": {"de": "Gradient von oben vergessen", "hi": "ऊपर से आई प्रवणता छूट गई"},
    "sign in the exponent": {"de": "Vorzeichen im Exponenten", "hi": "घातांक का चिह्न"},
    "a (1 − a) in place of h (1 − h)": {
        "de": "a (1 − a) statt h (1 − h)",
        "hi": "h (1 − h) के स्थान पर a (1 − a)",
    },
    "1 − σ in place of σ (1 − σ)": {"de": "1 − σ statt σ (1 − σ)", "hi": "σ (1 − σ) के स्थान पर 1 − σ"},
    "1 − a² in place of 1 − h²": {"de": "1 − a² statt 1 − h²", "hi": "1 − h² के स्थान पर 1 − a²"},
    "square forgotten": {"de": "Quadrat vergessen", "hi": "वर्ग छूट गया"},
    "negative part kept": {"de": "negativer Teil behalten", "hi": "ऋणात्मक भाग रह गया"},
    "relu left out": {"de": "relu ausgelassen", "hi": "relu छूट गया"},
    "relu′(0) = 1": {"de": "relu′(0) = 1", "hi": "relu′(0) = 1"},
    "mask from the gradient": {"de": "Maske aus dem Gradienten", "hi": "प्रवणता से बना मास्क"},
    "mask the wrong way round": {"de": "Maske verkehrt herum", "hi": "मास्क उलटा"},
    "not normalised": {"de": "nicht normiert", "hi": "प्रसामान्यीकृत नहीं"},
    "exponential forgotten": {"de": "Exponentialfunktion vergessen", "hi": "चरघातांकी फलन छूट गया"},
    "softmax taken entry by entry": {"de": "softmax eintragsweise abgeleitet", "hi": "softmax प्रविष्टिवार लिया गया"},
    "softmax forgotten": {"de": "softmax vergessen", "hi": "softmax छूट गया"},
    "ŷ − y the wrong way round": {"de": "ŷ − y verkehrt herum", "hi": "ŷ − y उलटा"},
    "target forgotten": {"de": "Ziel vergessen", "hi": "लक्ष्य छूट गया"},
    "derivative of the output taken twice": {
        "de": "Ableitung der Ausgabe doppelt genommen",
        "hi": "निर्गम का अवकलज दो बार लिया गया",
    },
    "logarithm to base 10": {"de": "Logarithmus zur Basis 10", "hi": "आधार 10 का लघुगणक"},
    "logarithm forgotten": {"de": "Logarithmus vergessen", "hi": "लघुगणक छूट गया"},
    "minus sign forgotten": {"de": "Minuszeichen vergessen", "hi": "ऋण चिह्न छूट गया"},
    "summed over all classes": {"de": "über alle Klassen summiert", "hi": "सभी वर्गों पर योग"},
    "at every class": {"de": "bei jeder Klasse", "hi": "प्रत्येक वर्ग पर"},
    "factor forgotten": {"de": "Faktor vergessen", "hi": "गुणक छूट गया"},
    "loss in place of its derivative": {"de": "Verlust statt seiner Ableitung", "hi": "अवकलज के स्थान पर हानि"},
    "1/m forgotten": {"de": "1/m vergessen", "hi": "1/m छूट गया"},
    "kernel flipped": {"de": "Kern gespiegelt", "hi": "कर्नल पलटा गया"},
    "kernel not flipped": {"de": "Kern nicht gespiegelt", "hi": "कर्नल नहीं पलटा गया"},
    "kernel gradient flipped": {"de": "Gradient des Kerns gespiegelt", "hi": "कर्नल की प्रवणता पलटी हुई"},
    "gradient spread to the whole window": {
        "de": "Gradient auf das ganze Fenster verteilt",
        "hi": "प्रवणता पूरी खिड़की में फैलाई गई",
    },
    "gradient shared among the window": {
        "de": "Gradient im Fenster aufgeteilt",
        "hi": "प्रवणता खिड़की में बाँटी गई",
    },
    "not divided": {"de": "nicht geteilt", "hi": "भाग नहीं दिया गया"},
    "step uphill": {"de": "Schritt bergauf", "hi": "कदम ऊपर की ओर"},
    "learning rate forgotten": {"de": "Lernrate vergessen", "hi": "अधिगम दर छूट गई"},
    "change in place of the parameter": {"de": "Änderung statt Parameter", "hi": "प्राचल के स्थान पर परिवर्तन"},
    "sign": {"de": "Vorzeichen", "hi": "चिह्न"},
    "a factor ½ forgotten": {"de": "ein Faktor ½ vergessen", "hi": "गुणक ½ छूट गया"},
    "a factor ½ too many": {"de": "ein Faktor ½ zu viel", "hi": "गुणक ½ अधिक"},
    "transposed": {"de": "transponiert", "hi": "परिवर्त"},
    "step left out": {"de": "Schritt ausgelassen", "hi": "चरण छूट गया"},
    "a contribution left out": {"de": "ein Beitrag ausgelassen", "hi": "एक योगदान छूट गया"},
    "decimal point": {"de": "Dezimalpunkt", "hi": "दशमलव बिंदु"},
    "another entry": {"de": "ein anderer Eintrag", "hi": "कोई दूसरी प्रविष्टि"},
    "digits exchanged": {"de": "Ziffern vertauscht", "hi": "अंक आपस में बदल गए"},
    "copied from elsewhere": {"de": "von anderswo abgeschrieben", "hi": "कहीं और से उतारा गया"},
    "rounded too early": {"de": "zu früh gerundet", "hi": "बहुत जल्दी पूर्णांकित"},
}

HINTS: Words = {
    "σ(a) = 1/(1 + e^−a)": {"de": "σ(a) = 1/(1 + e^−a)", "hi": "σ(a) = 1/(1 + e^−a)"},
    "tanh(a) = (e^a − e^−a)/(e^a + e^−a)": {
        "de": "tanh(a) = (e^a − e^−a)/(e^a + e^−a)",
        "hi": "tanh(a) = (e^a − e^−a)/(e^a + e^−a)",
    },
    "divide by how many entries there are": {
        "de": "teile durch die Anzahl der Einträge",
        "hi": "प्रविष्टियों की संख्या से भाग दीजिए",
    },
    "the mean's 1/n stays in its derivative": {
        "de": "das 1/n des Mittelwerts bleibt in der Ableitung",
        "hi": "माध्य का 1/n उसके अवकलज में रहता है",
    },
    "F = X * K + b: the bias is added": {
        "de": "F = X * K + b: der Bias wird addiert",
        "hi": "F = X * K + b: बायस जोड़ा जाता है",
    },
    "a = W x + b: the bias is added": {
        "de": "a = W x + b: der Bias wird addiert",
        "hi": "a = W x + b: बायस जोड़ा जाता है",
    },
    "the kernel moves by the stride from one place to the next": {
        "de": "der Kern rückt von Stelle zu Stelle um die Schrittweite vor",
        "hi": "कर्नेल एक स्थान से अगले तक स्ट्राइड जितना खिसकता है",
    },
    "the padding stands before the first entry too": {
        "de": "aufgefüllt wird auch vor dem ersten Eintrag",
        "hi": "पैडिंग पहली प्रविष्टि से पहले भी होती है",
    },
    "the bias is shared: add what comes from every place": {
        "de": "der Bias gilt überall: addiere, was von jeder Stelle kommt",
        "hi": "बायस साझा है: हर स्थान से जो आए उसे जोड़िए",
    },
    "every entry of a window counts alike": {
        "de": "jeder Eintrag eines Fensters zählt gleich",
        "hi": "विंडो की हर प्रविष्टि समान गिनी जाती है",
    },
    "∂L/∂W adds the gradients of all examples": {
        "de": "∂L/∂W addiert die Gradienten aller Beispiele",
        "hi": "∂L/∂W सभी उदाहरणों की प्रवणताएँ जोड़ता है",
    },
    "only the largest entry of a window counts": {
        "de": "nur der größte Eintrag eines Fensters zählt",
        "hi": "विंडो की केवल सबसे बड़ी प्रविष्टि गिनी जाती है",
    },
    "the winner of a window receives its gradient, wherever it is": {
        "de": "der Sieger eines Fensters erhält dessen Gradienten, wo er auch steht",
        "hi": "विंडो का विजेता उसकी प्रवणता पाता है, वह जहाँ भी हो",
    },
    "lrelu(a) = α a where a is negative, not 0": {
        "de": "lrelu(a) = α a, wo a negativ ist, nicht 0",
        "hi": "जहाँ a ऋणात्मक है वहाँ lrelu(a) = α a, 0 नहीं",
    },
    "lrelu′ = α where a is negative, not 0": {
        "de": "lrelu′ = α, wo a negativ ist, nicht 0",
        "hi": "जहाँ a ऋणात्मक है वहाँ lrelu′ = α, 0 नहीं",
    },
    "gelu(a) = a Φ(a): multiply by a itself": {
        "de": "gelu(a) = a Φ(a): multipliziere mit a selbst",
        "hi": "gelu(a) = a Φ(a): स्वयं a से गुणा कीजिए",
    },
    "gelu′ is a product's derivative: Φ(a) + a φ(a)": {
        "de": "gelu′ ist die Ableitung eines Produkts: Φ(a) + a φ(a)",
        "hi": "gelu′ एक गुणनफल का अवकलज है: Φ(a) + a φ(a)",
    },
    "L = −ln ŷ or −ln(1 − ŷ), both positive": {
        "de": "L = −ln ŷ oder −ln(1 − ŷ), beide positiv",
        "hi": "L = −ln ŷ या −ln(1 − ŷ), दोनों धनात्मक",
    },
    "where y = 0 it is −ln(1 − ŷ) that counts": {
        "de": "wo y = 0 ist, zählt −ln(1 − ŷ)",
        "hi": "जहाँ y = 0 है वहाँ −ln(1 − ŷ) गिना जाता है",
    },
    "∂L/∂ŷ = (ŷ − y)/(ŷ(1 − ŷ)); ŷ − y is ∂L/∂a": {
        "de": "∂L/∂ŷ = (ŷ − y)/(ŷ(1 − ŷ)); ŷ − y ist ∂L/∂a",
        "hi": "∂L/∂ŷ = (ŷ − y)/(ŷ(1 − ŷ)); ŷ − y तो ∂L/∂a है",
    },
    "∂L/∂a = ŷ − y: take the target off": {"de": "∂L/∂a = ŷ − y: ziehe das Ziel ab", "hi": "∂L/∂a = ŷ − y: लक्ष्य घटाइए"},
    "ŷ − y has the derivative of σ in it already": {
        "de": "in ŷ − y steckt die Ableitung von σ schon",
        "hi": "ŷ − y में σ का अवकलज पहले से है",
    },
    "the step before is left out, whose result this rule reads": {
        "de": "der Schritt davor fehlt, dessen Ergebnis diese Regel liest",
        "hi": "इससे पहले का चरण छूट गया, जिसका परिणाम यह नियम लेता है",
    },
    "a = W x: row i of W belongs to node i": {
        "de": "a = W x: Zeile i von W gehört zum Knoten i",
        "hi": "a = W x: W की पंक्ति i नोड i की है",
    },
    "a = W x + b: add the bias": {"de": "a = W x + b: addiere den Bias", "hi": "a = W x + b: बायस जोड़िए"},
    "F = X * K + b: add the bias": {"de": "F = X * K + b: addiere den Bias", "hi": "F = X * K + b: बायस जोड़िए"},
    "∂L/∂x = Wᵀ ∂L/∂a: on the way back W is transposed": {
        "de": "∂L/∂x = Wᵀ ∂L/∂a: auf dem Rückweg wird W transponiert",
        "hi": "∂L/∂x = Wᵀ ∂L/∂a: लौटते समय W का परिवर्त लिया जाता है",
    },
    "the backward pass uses the weights of the forward pass, not the new ones": {
        "de": "der Rückwärtsdurchlauf nimmt die Gewichte des Vorwärtsdurchlaufs, nicht die neuen",
        "hi": "पीछे की गणना में आगे वाली गणना के भार लगते हैं, नए नहीं",
    },
    "∂L/∂W = ∂L/∂a xᵀ: the gradient's entry comes first, then the input's": {
        "de": "∂L/∂W = ∂L/∂a xᵀ: erst der Eintrag des Gradienten, dann der der Eingabe",
        "hi": "∂L/∂W = ∂L/∂a xᵀ: पहले प्रवणता की प्रविष्टि, फिर निवेश की",
    },
    "∂L/∂W = ∂L/∂a xᵀ with x, what the layer reads, not what it gives": {
        "de": "∂L/∂W = ∂L/∂a xᵀ mit x, was die Schicht liest, nicht was sie gibt",
        "hi": "∂L/∂W = ∂L/∂a xᵀ में x वह है जो परत लेती है, न कि जो देती है",
    },
    "∂L/∂b adds the gradients of all examples": {
        "de": "∂L/∂b addiert die Gradienten aller Beispiele",
        "hi": "∂L/∂b में सभी उदाहरणों की प्रवणताएँ जुड़ती हैं",
    },
    "∂L/∂a = ∂L/∂h ⊙ σ′(a): multiply by the derivative of the activation": {
        "de": "∂L/∂a = ∂L/∂h ⊙ σ′(a): multipliziere mit der Ableitung der Aktivierung",
        "hi": "∂L/∂a = ∂L/∂h ⊙ σ′(a): सक्रियण के अवकलज से गुणा कीजिए",
    },
    "∂L/∂a = ∂L/∂h ⊙ σ′(a): σ′(a) alone is not the gradient": {
        "de": "∂L/∂a = ∂L/∂h ⊙ σ′(a): σ′(a) allein ist nicht der Gradient",
        "hi": "∂L/∂a = ∂L/∂h ⊙ σ′(a): अकेला σ′(a) प्रवणता नहीं है",
    },
    "σ′ is taken at a, what the activation reads, not at what it gives": {
        "de": "σ′ wird an a genommen, was die Aktivierung liest, nicht an dem, was sie gibt",
        "hi": "σ′ को a पर लिया जाता है, सक्रियण के निर्गम पर नहीं",
    },
    "it is the derivative that counts here, not the activation itself": {
        "de": "hier zählt die Ableitung, nicht die Aktivierung selbst",
        "hi": "यहाँ अवकलज चाहिए, स्वयं सक्रियण नहीं",
    },
    "σ(a) = 1/(1 + e^−a), with a minus in the exponent": {
        "de": "σ(a) = 1/(1 + e^−a), mit einem Minus im Exponenten",
        "hi": "σ(a) = 1/(1 + e^−a), घातांक में ऋण चिह्न है",
    },
    "σ′ = h (1 − h) with h = σ(a), the output": {
        "de": "σ′ = h (1 − h) mit h = σ(a), der Ausgabe",
        "hi": "σ′ = h (1 − h), जहाँ h = σ(a) निर्गम है",
    },
    "σ′ = σ (1 − σ) has both factors": {"de": "σ′ = σ (1 − σ) hat beide Faktoren", "hi": "σ′ = σ (1 − σ) में दोनों गुणक हैं"},
    "tanh′ = 1 − tanh², with the square": {"de": "tanh′ = 1 − tanh², mit Quadrat", "hi": "tanh′ = 1 − tanh², वर्ग सहित"},
    "tanh′ = 1 − h² with h = tanh(a), the output": {
        "de": "tanh′ = 1 − h² mit h = tanh(a), der Ausgabe",
        "hi": "tanh′ = 1 − h², जहाँ h = tanh(a) निर्गम है",
    },
    "relu(a) = max(0, a): a negative a gives 0": {
        "de": "relu(a) = max(0, a): ein negatives a gibt 0",
        "hi": "relu(a) = max(0, a): ऋणात्मक a से 0 मिलता है",
    },
    "at the kink relu′(0) is taken as 0 here": {
        "de": "am Knick gilt hier relu′(0) = 0",
        "hi": "मोड़ पर यहाँ relu′(0) = 0 लिया जाता है",
    },
    "the gradient passes where a > 0, whatever its own sign": {
        "de": "der Gradient geht durch, wo a > 0 ist, was auch sein eigenes Vorzeichen sei",
        "hi": "जहाँ a > 0 है वहाँ प्रवणता आगे जाती है, उसका अपना चिह्न कुछ भी हो",
    },
    "the gradient passes where a > 0": {
        "de": "der Gradient geht durch, wo a > 0 ist",
        "hi": "जहाँ a > 0 है वहाँ प्रवणता आगे जाती है",
    },
    "ŷ_i = e^(a_i) / Σ_k e^(a_k): divide by the sum, so that ŷ sums to 1": {
        "de": "ŷ_i = e^(a_i) / Σ_k e^(a_k): teile durch die Summe, damit ŷ die Summe 1 hat",
        "hi": "ŷ_i = e^(a_i) / Σ_k e^(a_k): योग से भाग दीजिए, ताकि ŷ का योग 1 हो",
    },
    "ŷ_i = e^(a_i) / Σ_k e^(a_k)": {"de": "ŷ_i = e^(a_i) / Σ_k e^(a_k)", "hi": "ŷ_i = e^(a_i) / Σ_k e^(a_k)"},
    "every ŷ depends on each a: ∂L/∂a_i = ŷ_i (∂L/∂ŷ_i − Σ ∂L/∂ŷ_k ŷ_k)": {
        "de": "jedes ŷ hängt von jedem a ab: ∂L/∂a_i = ŷ_i (∂L/∂ŷ_i − Σ ∂L/∂ŷ_k ŷ_k)",
        "hi": "प्रत्येक ŷ हर a पर निर्भर है: ∂L/∂a_i = ŷ_i (∂L/∂ŷ_i − Σ ∂L/∂ŷ_k ŷ_k)",
    },
    "ln is the natural logarithm": {"de": "ln ist der natürliche Logarithmus", "hi": "ln प्राकृतिक लघुगणक है"},
    "L = −ln ŷ is positive, since ŷ is below 1": {
        "de": "L = −ln ŷ ist positiv, denn ŷ liegt unter 1",
        "hi": "L = −ln ŷ धनात्मक है, क्योंकि ŷ < 1",
    },
    "L = −ln ŷ: take the logarithm of the probability": {
        "de": "L = −ln ŷ: nimm den Logarithmus der Wahrscheinlichkeit",
        "hi": "L = −ln ŷ: प्रायिकता का लघुगणक लीजिए",
    },
    "only the target's class counts, y is 0 elsewhere": {
        "de": "nur die Klasse des Ziels zählt, sonst ist y 0",
        "hi": "केवल लक्ष्य का वर्ग गिना जाता है, अन्यत्र y = 0",
    },
    "∂L/∂ŷ = −y/ŷ": {"de": "∂L/∂ŷ = −y/ŷ", "hi": "∂L/∂ŷ = −y/ŷ"},
    "y is 0 but for the target's class, and so is ∂L/∂ŷ = −y/ŷ": {
        "de": "y ist 0 außer bei der Klasse des Ziels, also auch ∂L/∂ŷ = −y/ŷ",
        "hi": "लक्ष्य के वर्ग को छोड़ y = 0 है, अतः ∂L/∂ŷ = −y/ŷ भी",
    },
    "∂L/∂a = ŷ − y, not y − ŷ": {"de": "∂L/∂a = ŷ − y, nicht y − ŷ", "hi": "∂L/∂a = ŷ − y, न कि y − ŷ"},
    "∂L/∂ŷ has ŷ − y, not y − ŷ": {"de": "∂L/∂ŷ hat ŷ − y, nicht y − ŷ", "hi": "∂L/∂ŷ में ŷ − y है, न कि y − ŷ"},
    "∂L/∂a = ŷ − y: take 1 off at the target's class": {
        "de": "∂L/∂a = ŷ − y: zieh bei der Klasse des Ziels 1 ab",
        "hi": "∂L/∂a = ŷ − y: लक्ष्य के वर्ग पर 1 घटाइए",
    },
    "−y/ŷ is ∂L/∂ŷ; through the softmax it becomes ŷ − y": {
        "de": "−y/ŷ ist ∂L/∂ŷ; durch die softmax wird daraus ŷ − y",
        "hi": "−y/ŷ तो ∂L/∂ŷ है; softmax से होकर यह ŷ − y बनता है",
    },
    "ŷ − y has the derivative of the softmax in it already": {
        "de": "in ŷ − y steckt die Ableitung der softmax schon",
        "hi": "ŷ − y में softmax का अवकलज पहले से है",
    },
    "the loss has a factor before the sum of squares": {
        "de": "vor der Summe der Quadrate steht im Verlust ein Faktor",
        "hi": "हानि में वर्गों के योग के आगे एक गुणक है",
    },
    "the differences are squared": {"de": "die Differenzen werden quadriert", "hi": "अंतरों का वर्ग किया जाता है"},
    "the square goes: ∂/∂ŷ of (ŷ − y)² is 2 (ŷ − y)": {
        "de": "das Quadrat verschwindet: ∂/∂ŷ von (ŷ − y)² ist 2 (ŷ − y)",
        "hi": "वर्ग हट जाता है: (ŷ − y)² का ∂/∂ŷ, 2 (ŷ − y) है",
    },
    "divide by the number of outputs": {"de": "teile durch die Zahl der Ausgaben", "hi": "निर्गमों की संख्या से भाग दीजिए"},
    "the mean's 1/m stays in its derivative": {
        "de": "das 1/m des Mittelwerts bleibt in der Ableitung",
        "hi": "माध्य का 1/m अवकलज में भी रहता है",
    },
    "F = X * K slides the kernel as it stands (a cross-correlation)": {
        "de": "F = X * K schiebt den Kern, wie er ist (eine Kreuzkorrelation)",
        "hi": "F = X * K में कर्नल जैसा है वैसा ही सरकता है (अन्योन्य सहसंबंध)",
    },
    "∂L/∂X is the full convolution of ∂L/∂F with the flipped kernel": {
        "de": "∂L/∂X ist die volle Faltung von ∂L/∂F mit dem gespiegelten Kern",
        "hi": "∂L/∂X पलटे कर्नल के साथ ∂L/∂F का पूर्ण संवलन है",
    },
    "∂L/∂K = X * ∂L/∂F, in the kernel's own order": {
        "de": "∂L/∂K = X * ∂L/∂F, in der Reihenfolge des Kerns",
        "hi": "∂L/∂K = X * ∂L/∂F, कर्नल के अपने क्रम में",
    },
    "the kernel is shared: add what comes from every place": {
        "de": "der Kern wird geteilt: addiere, was von jeder Stelle kommt",
        "hi": "कर्नल साझा है: हर स्थान से जो आए उसे जोड़िए",
    },
    "only the winner of a window receives its gradient": {
        "de": "nur der Gewinner eines Fensters erhält dessen Gradienten",
        "hi": "खिड़की की प्रवणता केवल विजेता को मिलती है",
    },
    "only the winner of a window receives its gradient, all of it": {
        "de": "nur der Gewinner eines Fensters erhält dessen Gradienten, und zwar ganz",
        "hi": "खिड़की की पूरी प्रवणता केवल विजेता को मिलती है",
    },
    "the mean of a window: divide by how many entries it has": {
        "de": "der Mittelwert eines Fensters: teile durch die Zahl seiner Einträge",
        "hi": "खिड़की का माध्य: प्रविष्टियों की संख्या से भाग दीजिए",
    },
    "each entry receives its share of the window's gradient": {
        "de": "jeder Eintrag erhält seinen Anteil am Gradienten des Fensters",
        "hi": "प्रत्येक प्रविष्टि को खिड़की की प्रवणता का अपना हिस्सा मिलता है",
    },
    "θ′ = θ − η ∂L/∂θ: against the gradient": {
        "de": "θ′ = θ − η ∂L/∂θ: gegen den Gradienten",
        "hi": "θ′ = θ − η ∂L/∂θ: प्रवणता के विपरीत",
    },
    "θ′ = θ − η ∂L/∂θ: the gradient times the learning rate": {
        "de": "θ′ = θ − η ∂L/∂θ: der Gradient mal die Lernrate",
        "hi": "θ′ = θ − η ∂L/∂θ: प्रवणता गुणा अधिगम दर",
    },
    "θ′ is θ and its change: θ − η ∂L/∂θ": {
        "de": "θ′ ist θ und seine Änderung: θ − η ∂L/∂θ",
        "hi": "θ′ में θ और उसका परिवर्तन है: θ − η ∂L/∂θ",
    },
    "check the sign": {"de": "prüfe das Vorzeichen", "hi": "चिह्न जाँचिए"},
    "there is a factor ½": {"de": "es gibt einen Faktor ½", "hi": "एक गुणक ½ है"},
    "there is no factor ½": {"de": "es gibt keinen Faktor ½", "hi": "गुणक ½ नहीं है"},
    "divide by the count": {"de": "teile durch die Anzahl", "hi": "संख्या से भाग दीजिए"},
    "do not divide by the count": {"de": "teile nicht durch die Anzahl", "hi": "संख्या से भाग न दीजिए"},
    "rows and columns are exchanged": {
        "de": "Zeilen und Spalten sind vertauscht",
        "hi": "पंक्तियाँ और स्तंभ बदल गए हैं",
    },
    "this is the value before the step": {"de": "das ist der Wert vor dem Schritt", "hi": "यह चरण से पहले का मान है"},
    "add what comes by every path": {"de": "addiere, was auf jedem Weg kommt", "hi": "हर मार्ग से जो आए उसे जोड़िए"},
    "the decimal point has slipped": {"de": "der Dezimalpunkt ist verrutscht", "hi": "दशमलव बिंदु खिसक गया है"},
    "this is the value of another entry": {
        "de": "das ist der Wert eines anderen Eintrags",
        "hi": "यह किसी दूसरी प्रविष्टि का मान है",
    },
    "two digits have changed places": {"de": "zwei Ziffern sind vertauscht", "hi": "दो अंक आपस में बदल गए हैं"},
    "this is the value of an earlier quantity": {
        "de": "das ist der Wert einer früheren Größe",
        "hi": "यह किसी पहले की राशि का मान है",
    },
    "keep as many digits as in your other values": {
        "de": "behalte so viele Ziffern wie bei deinen anderen Werten",
        "hi": "उतने ही अंक रखिए जितने आपके दूसरे मानों में हैं",
    },
}
