namespace Prefork.Values;

/// <summary>What the parts of an error begin with.</summary>
internal static class ErrorTag
{
    internal const byte Message = (byte)'m';
    internal const byte Cause = (byte)'c';
    internal const byte Stack = (byte)'s';
    internal const byte End = (byte)'.';

    /// <summary>The class of an error of that tag; null when the byte is no such tag.</summary>
    internal static string? Name(byte tag) => tag switch
    {
        (byte)'E' => "EvalError",
        (byte)'R' => "RangeError",
        (byte)'F' => "ReferenceError",
        (byte)'S' => "SyntaxError",
        (byte)'T' => "TypeError",
        (byte)'U' => "URIError",
        _ => null,
    };

    /// <summary>The tag of an error's class; null for Error itself, and for names that V8 does not know, which it writes as Error.</summary>
    internal static byte? Of(string name) => name switch
    {
        "EvalError" => (byte)'E',
        "RangeError" => (byte)'R',
        "ReferenceError" => (byte)'F',
        "SyntaxError" => (byte)'S',
        "TypeError" => (byte)'T',
        "URIError" => (byte)'U',
        _ => null,
    };
}
