"""What people get wrong in a multi-layer perceptron; each is planted in a copy."""

from __future__ import annotations

from mistakes import Mistake

MISTAKES = [
    Mistake(
        "No activation in the hidden layers",
        {"hidden = squash(net)": "hidden = net"},
        "Trains without a complaint and is one linear layer: XOR stays unlearnt "
        "whatever the depth and width.",
    ),
    Mistake(
        "The output squashed as well",
        {
            "outputs: Tensor = self.output_layer(hidden)": (
                "outputs: Tensor = squash(self.output_layer(hidden))"
            )
        },
        "With ReLU, outputs below zero are impossible and their gradients zero; with "
        "tanh nothing beyond 1 can be answered, so a classifier's chances stay far "
        "from one.",
    ),
    Mistake(
        "No activation in the last hidden layer",
        {
            "            hidden = squash(net)\n": (
                "            if layer is self.hidden_layers[0] or (\n"
                "                layer is not self.hidden_layers[-1]\n"
                "            ):\n"
                "                hidden = squash(net)\n"
            )
        },
        "Trains. The last two layers are one linear layer, so the network is a layer "
        "shallower than it looks. Nothing at all with one hidden layer.",
    ),
    Mistake(
        "One layer object repeated instead of several layers",
        {
            "            self.hidden_layers.append(nn.Linear(width, hidden_width))\n": (
                "            made = nn.Linear(width, hidden_width)\n"
                "            shared = self.hidden_layers[-1] if layer > 1 else made\n"
                "            self.hidden_layers.append(shared)\n"
            )
        },
        "Runs with the right shapes. From the second hidden layer on all share their "
        "weights, so there are fewer parameters than the shape suggests.",
    ),
    Mistake(
        "Hidden layers without a bias",
        {"Linear(width, hidden_width))": "Linear(width, hidden_width, bias=False))"},
        "Every neuron's line goes through the origin. Inputs that are centred hide it, "
        "and so does a wide layer.",
    ),
    Mistake(
        "The slope of the tanh taken as 1 - h",
        {"1 - hidden**2": "1 - hidden"},
        "One hidden layer learns digits, worse; four layers do not, nor do two neurons "
        "learn XOR: where h is negative the slope comes out far too large.",
    ),
    Mistake(
        "The logistic slope computed from h as if it were the sum",
        {
            "return hidden * (1 - hidden)": (
                "return torch.sigmoid(hidden) * (1 - torch.sigmoid(hidden))"
            )
        },
        "Trains as well: the slope stays about 0.2 where it should vanish, so "
        "saturated neurons move that should not.",
    ),
    Mistake(
        "The slope of the ReLU taken as 1 at zero",
        {"(hidden > 0)": "(hidden >= 0)"},
        "What the ReLU gave is never below zero, so no gradient is ever stopped: "
        "neurons that were off are changed, too.",
    ),
    Mistake(
        "No slope on the way back",
        {"passed * _slope(self.activation, shown[depth])": "passed"},
        "Right for the output layer. One hidden layer learns digits as well as ever; "
        "four do worse, and two neurons seldom find XOR.",
    ),
    Mistake(
        "Each layer's share taken before it is passed down",
        {
            "blame.mT @ shown[depth], blame.sum(0), *gradients]": (
                "(passed if gradients else blame).mT @ shown[depth],\n"
                "                (passed if gradients else blame).sum(0), *gradients]"
            )
        },
        "The slope is missing from the layer's own gradient but not from what goes "
        "further down. Digits are learnt all the same, XOR seldom.",
    ),
    Mistake(
        "The biases' gradients averaged over the points, the weights' summed",
        {"blame.sum(0)": "blame.mean(0)"},
        "The biases learn slower by the size of the batch.",
    ),
    Mistake(
        "Gradients handed back in the order in which they were found",
        {
            "gradients = [blame.mT @ shown[depth], blame.sum(0), *gradients]": (
                "gradients += [blame.mT @ shown[depth], blame.sum(0)]"
            )
        },
        "An error where the shapes differ. Where all layers are equally wide the first "
        "layer is trained with the gradient of the last.",
    ),
    Mistake(
        "The weights of the layer below instead of its own",
        {"blame @ weights[depth]": "blame @ weights[depth - 1]"},
        "An error where widths differ; where they are equal a gradient that has to do "
        "with another layer.",
    ),
]
