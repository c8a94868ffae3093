using System.Globalization;
using System.Text;

namespace Prefork.Processes;

/// <summary>Where a Node worker is asked to open its inspector: by <c>--inspect</c>, <c>--inspect-brk</c>, <c>--inspect-wait</c>, <c>--inspect-port</c> or <c>--debug-port</c>.</summary>
internal static class InspectorPort
{
    /// <summary>Node's own.</summary>
    internal const int Default = 9229;

    private const int First = 1024;

    /// <summary>As Node counts: up from the port that is asked for, and after the last port from 1024. 0 stays 0: Node chooses.</summary>
    internal static int Add(int port, int offset) => port == 0 ? 0 : First + ((port + offset - First) % (ushort.MaxValue + 1 - First));

    /// <summary>The port that is asked for, as Node would read it: what comes last holds, and options of the environment come first. Null when nothing asks for the inspector.</summary>
    internal static int? Find(IEnumerable<string> arguments, string? nodeOptions)
    {
        int? port = null;
        var takesNext = false;
        foreach (var argument in Words(nodeOptions ?? "").Concat(arguments))
        {
            if (takesNext)
            {
                takesNext = false;
                port = PortOf(argument) ?? port;
                continue;
            }

            var separator = argument.IndexOf('=', StringComparison.Ordinal);

            // To Node an underscore in the name of an option is a dash.
            var name = (separator < 0 ? argument : argument[..separator]).Replace('_', '-');
            if (name is not ("--inspect" or "--inspect-brk" or "--inspect-wait" or "--inspect-port" or "--debug-port"))
            {
                continue;
            }

            port ??= Default;
            if (separator >= 0)
            {
                port = PortOf(argument[(separator + 1)..]) ?? port;
            }
            else
            {
                // The others have a value only behind an equals sign.
                takesNext = name is "--inspect-port" or "--debug-port";
            }
        }

        return port;
    }

    /// <summary>Of <c>PORT</c>, <c>HOST:PORT</c> or <c>HOST</c>, which has Node's own port; null for what is none, of which Node itself says so.</summary>
    private static int? PortOf(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 && !text.All(char.IsAsciiDigit))
        {
            return Default;
        }

        return int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= ushort.MaxValue ? port : null;
    }

    /// <summary>NODE_OPTIONS are separated by spaces; within double quotes a space is none, and a backslash takes the next character as it is.</summary>
    private static IEnumerable<string> Words(string options)
    {
        var word = new StringBuilder();
        var isQuoted = false;
        for (var i = 0; i < options.Length; i++)
        {
            if (options[i] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (options[i] == ' ' && !isQuoted)
            {
                if (word.Length > 0)
                {
                    yield return word.ToString();
                }

                word.Clear();
            }
            else
            {
                i += options[i] == '\\' && isQuoted && i + 1 < options.Length ? 1 : 0;
                word.Append(options[i]);
            }
        }

        if (word.Length > 0)
        {
            yield return word.ToString();
        }
    }
}
