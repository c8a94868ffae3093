using System.Globalization;
using System.Text;

namespace Prefork.Values;

/// <summary>
/// The characters of a JSON string that has been checked already. Unlike Utf8JsonReader it takes half a pair of surrogates,
/// which JavaScript's strings may have.
/// </summary>
internal static class JsonText
{
    /// <summary>The characters as a string.</summary>
    internal static string Read(ReadOnlySpan<byte> text)
    {
        var characters = new char[text.Length];
        return new string(characters, 0, Unescape(text, characters));
    }

    /// <summary>Writes the characters, at most as many as there are bytes, and returns how many.</summary>
    internal static int Unescape(ReadOnlySpan<byte> text, Span<char> target)
    {
        var length = 0;
        while (true)
        {
            var plain = text.IndexOf((byte)'\\');
            length += Encoding.UTF8.GetChars(plain < 0 ? text : text[..plain], target[length..]);
            if (plain < 0)
            {
                return length;
            }

            var escape = text[plain + 1];
            target[length++] = escape == 'u'
                ? (char)ushort.Parse(text.Slice(plain + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
                : Simple(escape);
            text = text[(plain + (escape == 'u' ? 6 : 2))..];
        }
    }

    private static char Simple(byte escape) => (char)escape switch
    {
        'b' => '\b',
        'f' => '\f',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        var character => character,
    };
}
