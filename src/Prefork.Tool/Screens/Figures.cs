using System.Globalization;

namespace Prefork.Tool.Screens;

/// <summary>How numbers, times and addresses are shown.</summary>
internal static class Figures
{
    /// <summary>A number that is not known.</summary>
    internal const string Unknown = "–";

    private const int MostAddresses = 2;

    internal static string Age(DateTimeOffset since, DateTimeOffset now)
    {
        var age = now - since;
        return age.TotalDays >= 1 ? $"{(int)age.TotalDays}d {age.Hours}h" : age.TotalHours >= 1 ? $"{(int)age.TotalHours}h {age.Minutes}m" : age.TotalMinutes >= 1 ? $"{(int)age.TotalMinutes}m {age.Seconds}s" : $"{Math.Max(0, (int)age.TotalSeconds)}s";
    }

    /// <summary>What is not known is no number.</summary>
    internal static string Known<T>(T? value, Func<T, string> write) where T : struct => value is { } known ? write(known) : Unknown;

    internal static string Count(long? number) => Known(number, static count => count.ToString(CultureInfo.InvariantCulture));

    internal static string Megabytes(long? bytes) => Known(bytes, static count => string.Create(CultureInfo.InvariantCulture, $"{count >> 20} MiB"));

    /// <summary>Of those that are known; null when none is.</summary>
    internal static long? Sum(IEnumerable<long?> numbers) => numbers.Aggregate((long?)null, static (sum, number) => number is null ? sum : (sum ?? 0) + number);

    internal static string Number(double value) => value.ToString(value < 10 && value != Math.Floor(value) ? "0.0" : "0", CultureInfo.InvariantCulture);

    /// <summary>The first two, and how many more.</summary>
    internal static string Addresses(IReadOnlyList<string>? addresses) => addresses switch
    {
        null or [] => Unknown,
        { Count: <= MostAddresses } => string.Join(", ", addresses),
        _ => $"{string.Join(", ", addresses.Take(MostAddresses))}, {addresses.Count - MostAddresses} more",
    };

    internal static int ColorOf(SupervisorState state) => state switch
    {
        SupervisorState.Healthy => Cell.Green,
        SupervisorState.Degraded => Cell.Red,
        _ => Cell.Yellow,
    };
}
