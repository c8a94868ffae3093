namespace Prefork.AspNetCore.Transport;

/// <summary>Names for logs, in Kestrel's form: 13 characters, unlikely to come again after a restart.</summary>
internal static class ConnectionIds
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

    private static long s_last = DateTime.UtcNow.Ticks;

    internal static string Next() => string.Create(13, Interlocked.Increment(ref s_last), static (text, id) =>
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = Digits[(int)(id & 31)];
            id >>= 5;
        }
    });
}
