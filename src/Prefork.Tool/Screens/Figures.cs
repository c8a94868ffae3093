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

    internal static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB");

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
